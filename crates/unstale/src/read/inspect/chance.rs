//! Which hits are inspected: a share of them, spread evenly, for the price of a countdown.

use std::cell::Cell;
use std::sync::atomic::{AtomicU64, Ordering};

/// 2^64 divided by the golden ratio. Its multiples are spread more evenly than those of any other
/// number, and no pattern in the order of the hits agrees with them for long.
const STEP: u64 = 0x9E37_79B9_7F4A_7C15;

/// The largest share that anything in this process was inspected with. Each hit of a thread has the
/// next multiple for its place; those beyond this one are in no sample, so they are only counted.
///
/// When it grows, a thread still counts to the hit that it has found before.
static LARGEST: AtomicU64 = AtomicU64::new(1);

thread_local! {
    /// So many hits go by before the next that is looked at.
    static REST: Cell<u64> = const { Cell::new(0) };
    /// The place of that one.
    static PLACE: Cell<u64> = const { Cell::new(STEP) };
}

/// A share of the hits of each thread.
#[derive(Copy, Clone, Debug)]
pub(super) struct Chance(u64);

impl Chance {
    /// `share` is above 0, and at most 1.
    pub(super) fn of(share: f64) -> Self {
        // A float beyond the largest number becomes the largest number.
        let share = ((share * 2_f64.powi(64)) as u64).max(1);
        LARGEST.fetch_max(share, Ordering::Relaxed);
        Self(share)
    }

    /// Whether this hit is one of them. By reference, because the share itself is seldom looked at.
    #[inline]
    pub(super) fn falls(&self) -> bool {
        let (rest, is_due) = REST.get().overflowing_sub(1);
        REST.set(rest);
        is_due && self.falls_here()
    }

    /// Looks at a hit, and finds the next to be looked at.
    #[cold]
    fn falls_here(&self) -> bool {
        let largest = LARGEST.load(Ordering::Relaxed);
        let place = PLACE.get();
        // Only the first hit of a thread is looked at beyond the largest share. It is one after 0.
        let (from, gone_by) = if place <= largest { (place, 1) } else { (0, 2) };
        let hits = hits_to_next(from, largest);
        PLACE.set(from.wrapping_add(STEP.wrapping_mul(hits)));
        REST.set(hits.saturating_sub(gone_by));
        place <= self.0
    }
}

/// How many hits after the one at `from` comes the next whose place is up to `largest`, as `from`
/// is.
///
/// Places go round in a circle. Of the ways from one to another of them, `up` becomes the first that
/// leads so little onwards that it can stay below `largest`, and `down` the first that leads so little
/// back; the next place is reached by one of them, or by both.
fn hits_to_next(from: u64, largest: u64) -> u64 {
    let (mut up, mut hits_up) = (STEP, 1_u64);
    let (mut down, mut hits_down) = (STEP.wrapping_neg(), 1_u64);
    while up > largest || down > largest {
        if up > down {
            up -= down;
            hits_up = hits_up.saturating_add(hits_down);
        } else {
            down -= up;
            hits_down = hits_down.saturating_add(hits_up);
        }
    }
    if up <= largest - from {
        hits_up
    } else if down <= from {
        hits_down
    } else {
        hits_up.saturating_add(hits_down)
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    #[test]
    fn it_is_the_share_that_was_asked_for() {
        for share in [0.001, 0.01, 0.25, 0.999, 1.0] {
            let chance = Chance::of(share);
            // On a thread that has not counted towards a smaller share's next hit.
            let falls = thread::spawn(move || (0..100_000).filter(|_| chance.falls()).count());
            let falls = falls.join().unwrap() as f64;
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

    /// Whatever else is inspected: a thread that begins with nothing has the places of all its hits
    /// before it.
    #[test]
    fn what_is_counted_by_is_in_no_sample() {
        let shares = [0.001, 0.3, 0.01, 0.6, 0.7, 1.0];
        for (begun, share) in shares.into_iter().enumerate() {
            let chances: Vec<_> = shares[..=begun]
                .iter()
                .map(|share| Chance::of(*share))
                .collect();
            thread::spawn(move || {
                let mut place = 0_u64;
                for hit in 0..100_000 {
                    let chance = chances[hit % chances.len()];
                    place = place.wrapping_add(STEP);
                    assert_eq!(chance.falls(), place <= chance.0, "hit {hit} up to {share}");
                }
            })
            .join()
            .unwrap();
        }
    }

    #[test]
    fn the_next_place_is_found_however_small_the_share_is() {
        for share in [1.0, 0.62, 0.5, 0.382, 0.1, 1e-3, 1e-5] {
            let largest = Chance::of(share).0;
            let mut from = 0_u64;
            for _ in 0..100 {
                let hits = hits_to_next(from, largest);
                let mut place = from;
                let passed = (1..hits).all(|_| {
                    place = place.wrapping_add(STEP);
                    place > largest
                });
                place = place.wrapping_add(STEP);
                assert!(passed && place <= largest, "{share}: {hits} from {from}");
                from = place;
            }
        }
        for share in [1e-9, 1e-18, f64::MIN_POSITIVE] {
            let hits = hits_to_next(0, Chance::of(share).0) as f64;
            assert!(hits > 0.1 / share.max(1e-19), "{share}: {hits}");
        }
    }
}
