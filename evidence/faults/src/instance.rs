//! An instance under test, in this process or in one of its own.

use anyhow::Result;
use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use testbed::Proxy;
use unstale::Cache;

use crate::{clock, process::Process, settings::MAX_STALENESS, workload::Mood};

/// One instance of the cache, with its workload, behind a fault proxy of its own.
#[async_trait]
pub(crate) trait Instance: Send + Sync {
    /// How it is called on the server.
    fn name(&self) -> &str;

    /// What is between it and the server.
    fn proxy(&self) -> &Proxy;

    /// How it sees itself; `None` when it cannot answer now.
    async fn observe(&self) -> Option<Observation>;

    /// What is the matter with its loaders and their callers from now on.
    async fn set_mood(&self, mood: Mood) -> Result<()>;

    /// The process that it has to itself.
    fn process(&self) -> Option<&Process> {
        None
    }

    /// Ends its workload, sends what is pending, and ends it.
    async fn stop(&self);
}

/// How an instance sees itself.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Observation {
    /// When it began to look.
    pub(crate) at: u64,
    /// Whether it uses L1.
    pub(crate) proven: bool,
    /// Until when it does, unless it is proven again.
    pub(crate) proven_until: u64,
    /// Whether it uses L2.
    pub(crate) in_service: bool,
    /// How often it dropped its L1 and took up the log anew.
    pub(crate) resyncs: u64,
    /// Where it is in the log, or in the log of each partition.
    pub(crate) position: Option<String>,
    /// Removals that it could not send yet.
    pub(crate) pending: u64,
    /// How long others' removals took to get here, in nanoseconds: half of them, and 99%.
    pub(crate) propagation: (u64, u64),
}

impl Observation {
    pub(crate) fn of(cache: &Cache) -> Self {
        // Before the look: what it sees held at this time or later.
        let at = clock::now();
        let (health, log) = (cache.health(), cache.invalidations());
        Self {
            at,
            proven: health.proven,
            // The proof is as old as it is told to be at this time or later.
            proven_until: health.proof_age.map_or(0, |age| {
                (at + clock::nanos_of(MAX_STALENESS)).saturating_sub(clock::nanos_of(age))
            }),
            in_service: health.breaker == "closed",
            resyncs: log.resyncs,
            position: health.position,
            pending: health.pending,
            propagation: (
                clock::nanos_of(log.propagation_p50),
                clock::nanos_of(log.propagation_p99),
            ),
        }
    }

    /// Of a cache that cannot be asked, and believes that all is well.
    pub(crate) fn blissful() -> Self {
        Self {
            at: clock::now(),
            proven: true,
            in_service: true,
            ..Self::default()
        }
    }

    /// In which epoch it is in a partition: the first number of `<partition>/<of>:<epoch>-<seq>`, or of
    /// `<epoch>-<seq>` where there is one.
    pub(crate) fn epoch(&self, partition: usize) -> Option<u64> {
        let mut places = self.position.iter().flat_map(|all| all.split('.'));
        places.find_map(|place| {
            let (name, at) = place.split_once(':').unwrap_or(("0", place));
            let number = name.split('/').next()?.parse::<usize>().ok()?;
            let epoch = at.split_once('-')?.0.parse().ok()?;
            (number == partition).then_some(epoch)
        })
    }

    /// Whether nothing is left of any fault.
    pub(crate) fn is_well(&self) -> bool {
        self.proven && self.in_service && self.pending == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_partition_has_an_epoch_of_its_own() {
        let at = |position: &str| Observation {
            position: Some(position.into()),
            ..Observation::default()
        };
        assert_eq!(at("7-42").epoch(0), Some(7));
        let several = at("0/12:7-42.11/12:9-3");
        assert_eq!(
            [0, 1, 11].map(|which| several.epoch(which)),
            [Some(7), None, Some(9)]
        );
        assert_eq!(Observation::default().epoch(0), None);
    }
}
