//! Which hits are inspected: a share of them, spread evenly, for the price of an addition.

use std::cell::Cell;

/// 2^64 divided by the golden ratio. Its multiples are spread more evenly than those of any other
/// number, and no pattern in the order of the hits agrees with them for long.
const STEP: u64 = 0x9E37_79B9_7F4A_7C15;

thread_local! {
    static PLACE: Cell<u64> = const { Cell::new(0) };
}

/// A share of the hits of each thread.
#[derive(Copy, Clone, Debug)]
pub(super) struct Chance(u64);

impl Chance {
    /// `share` is above 0, and at most 1.
    pub(super) fn of(share: f64) -> Self {
        // A float beyond the largest number becomes the largest number.
        Self((share * 2_f64.powi(64)) as u64)
    }

    /// Whether this hit is one of them.
    #[inline]
    pub(super) fn falls(self) -> bool {
        PLACE.with(|place| {
            let next = place.get().wrapping_add(STEP);
            place.set(next);
            next <= self.0
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_the_share_that_was_asked_for() {
        for share in [0.001, 0.01, 0.25, 0.999, 1.0] {
            let chance = Chance::of(share);
            let falls = (0..100_000).filter(|_| chance.falls()).count() as f64;
            assert!((falls - share * 100_000.0).abs() < 10.0, "{share}: {falls}");
        }
    }

    /// Every hundredth hit would always be the same of a hundred keys that are read in turn.
    #[test]
    fn keys_that_are_read_in_turn_are_all_inspected() {
        let chance = Chance::of(0.01);
        let mut inspected = [0_u32; 100];
        for hit in 0..100_000 {
            inspected[hit % 100] += u32::from(chance.falls());
        }
        assert!(inspected.iter().all(|times| (5..=15).contains(times)));
    }
}
