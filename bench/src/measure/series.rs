//! What one contender gave in all rounds.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{Spread, Unit};

/// What one contender gave in all rounds.
#[derive(Clone, Debug, Serialize)]
pub struct Series {
    /// Who was measured.
    pub contender: String,
    /// What was measured.
    pub measure: String,
    /// What the figures count.
    pub unit: Unit,
    /// The figure of each round. One that is too slow for every round may sit some out.
    pub rounds: BTreeMap<usize, f64>,
}

impl Series {
    /// Over all rounds.
    pub fn spread(&self) -> Option<Spread> {
        Spread::of(self.rounds.values().copied())
    }

    /// This divided by the other, in the rounds that both took part in.
    pub fn over(&self, other: &Series) -> Option<Spread> {
        let common = self.rounds.iter().filter_map(|(round, own)| {
            let theirs = other.rounds.get(round).filter(|theirs| **theirs != 0.0)?;
            Some(own / theirs)
        });
        Spread::of(common)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn series(rounds: &[(usize, f64)]) -> Series {
        Series {
            contender: "one".into(),
            measure: "p50".into(),
            unit: Unit::Nanoseconds,
            rounds: rounds.iter().copied().collect(),
        }
    }

    #[test]
    fn ratios_are_taken_within_a_round() {
        // The machine was twice as slow in the second round: that does not count.
        let ours = series(&[(0, 30.0), (1, 60.0), (2, 31.0)]);
        let theirs = series(&[(0, 20.0), (1, 40.0), (2, 20.0)]);
        let ratio = ours.over(&theirs).unwrap();
        assert_eq!((ratio.median, ratio.low, ratio.high), (1.5, 1.5, 1.55));
    }

    #[test]
    fn rounds_that_one_of_both_sat_out_do_not_count() {
        let ours = series(&[(0, 10.0), (1, 20.0)]);
        let theirs = series(&[(1, 10.0)]);
        assert_eq!(ours.over(&theirs).map(|ratio| ratio.median), Some(2.0));
        assert_eq!(ours.over(&series(&[])), None);
        assert_eq!(ours.over(&series(&[(0, 0.0)])), None);
    }
}
