//! Which fault comes when, as the seed determines it.

use crate::fault::Kind;

/// Deals out the faults in rounds: each of them once, in an order of its own every time.
pub(crate) struct Schedule {
    random: fastrand::Rng,
    kinds: Vec<&'static Kind>,
    round: Vec<&'static Kind>,
}

/// A fault, and the seed of everything that is left open about it.
pub(crate) struct Strike {
    pub(crate) kind: &'static Kind,
    pub(crate) seed: u64,
}

impl Schedule {
    pub(crate) fn new(seed: u64, kinds: Vec<&'static Kind>) -> Self {
        Self {
            random: fastrand::Rng::with_seed(seed),
            kinds,
            round: Vec::new(),
        }
    }
}

impl Iterator for Schedule {
    type Item = Strike;

    /// Without end, unless there is no fault at all.
    fn next(&mut self) -> Option<Strike> {
        if self.round.is_empty() {
            self.round.clone_from(&self.kinds);
            self.random.shuffle(&mut self.round);
        }
        let kind = self.round.pop()?;
        let seed = self.random.u64(..);
        Some(Strike { kind, seed })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;
    use crate::{fault::catalogue, field::Setup};

    fn strikes(seed: u64, count: usize) -> Vec<(&'static str, u64)> {
        Schedule::new(seed, catalogue(&Setup::example()))
            .take(count)
            .map(|strike| (strike.kind.name, strike.seed))
            .collect()
    }

    #[test]
    fn a_seed_determines_everything() {
        assert_eq!(strikes(7, 200), strikes(7, 200));
        assert_ne!(strikes(7, 200), strikes(8, 200));
    }

    #[test]
    fn every_fault_comes_once_in_a_round() {
        let kinds = catalogue(&Setup::example()).len();
        let mut counts = HashMap::new();
        for (name, _) in strikes(7, 3 * kinds) {
            *counts.entry(name).or_insert(0) += 1;
        }
        assert_eq!(counts.len(), kinds, "names are all different");
        assert!(counts.values().all(|count| *count == 3), "{counts:?}");
    }

    #[test]
    fn without_faults_there_is_no_strike() {
        assert!(Schedule::new(7, Vec::new()).next().is_none());
    }
}
