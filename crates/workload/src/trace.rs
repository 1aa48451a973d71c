//! What is asked for, in which order: drawn beforehand, so that different caches get the same.

use rand::rngs::StdRng;
use rand::{Rng as _, RngExt as _, SeedableRng as _};
use rand_distr::{Distribution as _, Zipf};

use crate::error::WorkloadError;
use crate::keyspace::Keyspace;
use crate::preset::Preset;

/// One read or write.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
pub struct Operation {
    /// The key, by its number in the [`Keyspace`].
    pub key: u32,
    /// Whether the row behind it is written.
    pub write: bool,
}

/// Operations in their order. It is repeated when it is used up.
#[derive(Clone, Debug)]
pub struct Trace(Vec<Operation>);

impl Trace {
    /// Draws so many operations of a preset. The same seed draws the same ones.
    ///
    /// # Errors
    /// When the preset has no keys, or a skew that is no number from zero on.
    pub fn draw(
        preset: &Preset,
        keyspace: &Keyspace,
        length: usize,
        seed: u64,
    ) -> Result<Self, WorkloadError> {
        let groups = f64::from(preset.groups);
        let popularity = Zipf::new(groups, preset.skew).map_err(|error| {
            WorkloadError::Plan(format!(
                "keys cannot be drawn from {groups} with the exponent {}: {error}",
                preset.skew
            ))
        })?;
        let members = keyspace.members();
        let mut random = StdRng::seed_from_u64(seed);
        let operations = (0..length).map(|_| {
            let rank = popularity.sample(&mut random) as u32;
            // Ranks count from one. The first page of a feed is read twice as often as the second.
            let member = random.next_u32().trailing_zeros().min(members - 1);
            Operation {
                key: (rank - 1) * members + member,
                write: !random.random_bool(preset.reads),
            }
        });
        Ok(Self(operations.collect()))
    }

    /// How many operations there are before it starts over.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The operation at a place, counted on beyond the end.
    pub(crate) fn at(&self, place: usize) -> Operation {
        self.0[place % self.0.len()]
    }

    /// The operations, once.
    pub fn operations(&self) -> &[Operation] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DRAWN: usize = 200_000;

    fn draw(reads: f64, skew: f64) -> Trace {
        let mut preset = Preset::named("inventory").unwrap();
        (preset.groups, preset.reads, preset.skew) = (1000, reads, skew);
        let keyspace = preset.keyspace();
        Trace::draw(&preset, &keyspace, DRAWN, 7).unwrap()
    }

    fn share(trace: &Trace, is: impl Fn(&Operation) -> bool) -> f64 {
        trace.operations().iter().filter(|each| is(each)).count() as f64 / trace.len() as f64
    }

    #[test]
    fn popularity_follows_zipf() {
        for skew in [0.5, 0.99, 1.3] {
            let trace = draw(0.5, skew);
            let all: f64 = (1..=1000).map(|rank| f64::from(rank).powf(-skew)).sum();
            for rank in [1_u32, 2, 10, 100] {
                let expected = f64::from(rank).powf(-skew) / all;
                let got = share(&trace, |operation| operation.key == rank - 1);
                // Four standard deviations of so many draws.
                let tolerance = 4.0 * (expected / DRAWN as f64).sqrt();
                assert!(
                    (got - expected).abs() < tolerance,
                    "skew {skew}, rank {rank}: {got} instead of {expected}"
                );
            }
        }
    }

    #[test]
    fn without_a_skew_all_keys_are_alike() {
        let trace = draw(0.5, 0.0);
        for key in [0, 500, 999] {
            let got = share(&trace, |operation| operation.key == key);
            assert!((got - 0.001).abs() < 0.0004, "{got}");
        }
    }

    #[test]
    fn reads_and_writes_are_mixed_as_asked() {
        for reads in [0.2, 0.5, 10.0 / 11.0] {
            let got = share(&draw(reads, 0.99), |operation| !operation.write);
            assert!((got - reads).abs() < 0.01, "{got} instead of {reads}");
        }
    }

    #[test]
    fn the_same_seed_draws_the_same() {
        assert_eq!(draw(0.5, 0.99).operations(), draw(0.5, 0.99).operations());
    }
}
