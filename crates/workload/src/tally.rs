//! What is counted on one instance; what all counted is added up in the end.

use std::time::Duration;

use crate::arrivals::Arrival;
use crate::latency::Latency;
use crate::registers::Verdict;
use crate::report::{Origins, Staleness};
use crate::subject::Origin;

#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) reads: Origins<Latency>,
    pub(crate) current_hits: u64,
    /// Of the write to the database together with the invalidation.
    pub(crate) writes: Latency,
    pub(crate) invalidations: Latency,
    pub(crate) unacknowledged: u64,
    pub(crate) failed: u64,
    pub(crate) staleness: Staleness,
    pub(crate) arrivals: Vec<Arrival>,
}

/// One operation that was done.
#[derive(Debug)]
pub(crate) struct Done {
    pub(crate) did: Did,
    /// Whether it began after the warm-up.
    pub(crate) counts: bool,
    /// What the oracle gets of it, if there is one.
    pub(crate) arrival: Option<Arrival>,
}

#[derive(Debug)]
pub(crate) enum Did {
    Read {
        origin: Origin,
        took: Duration,
        verdict: Verdict,
        /// What the database held when the read began, or newer.
        current: bool,
    },
    Failed,
    Wrote {
        /// When, since the start.
        committed: Duration,
        /// The write to the database together with the removal.
        took: Duration,
        removing: Duration,
        acknowledged: bool,
    },
}

impl Tally {
    /// Counts an operation. What is stale counts also while caches warm up.
    pub(crate) fn record(&mut self, done: Done) {
        self.arrivals.extend(done.arrival);
        if let Did::Read { verdict, .. } = done.did {
            self.staleness.count(verdict);
        }
        if !done.counts {
            return;
        }
        match done.did {
            Did::Read {
                origin,
                took,
                current,
                ..
            } => {
                self.reads.of(origin).record(took);
                self.current_hits += u64::from(current && origin != Origin::Source);
            }
            Did::Failed => self.failed += 1,
            Did::Wrote {
                took,
                removing,
                acknowledged,
                ..
            } => {
                self.writes.record(took);
                self.invalidations.record(removing);
                self.unacknowledged += u64::from(!acknowledged);
            }
        }
    }

    pub(crate) fn add(&mut self, other: Tally) {
        for origin in Origin::ALL {
            self.reads.of(origin).add(other.reads.get(origin));
        }
        self.current_hits += other.current_hits;
        self.writes.add(&other.writes);
        self.invalidations.add(&other.invalidations);
        self.unacknowledged += other.unacknowledged;
        self.failed += other.failed;
        self.staleness.add(&other.staleness);
        self.arrivals.extend(other.arrivals);
    }
}
