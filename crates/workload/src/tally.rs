//! What one worker counts; what all counted is added up in the end.

use std::time::Duration;

use crate::arrivals::Arrival;
use crate::latency::Latency;
use crate::registers::Verdict;
use crate::report::{Origins, Staleness};
use crate::subject::Origin;

#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) reads: Origins<Latency>,
    /// Of the write to the database together with the invalidation.
    pub(crate) writes: Latency,
    pub(crate) invalidations: Latency,
    pub(crate) unacknowledged: u64,
    pub(crate) staleness: Staleness,
    pub(crate) arrivals: Vec<Arrival>,
}

impl Tally {
    pub(crate) fn read(&mut self, origin: Origin, took: Duration, verdict: Verdict) {
        self.reads.of(origin).record(took);
        self.staleness.count(verdict);
    }

    pub(crate) fn add(&mut self, other: Tally) {
        for origin in Origin::ALL {
            self.reads.of(origin).add(other.reads.get(origin));
        }
        self.writes.add(&other.writes);
        self.invalidations.add(&other.invalidations);
        self.unacknowledged += other.unacknowledged;
        self.staleness.add(&other.staleness);
        self.arrivals.extend(other.arrivals);
    }
}
