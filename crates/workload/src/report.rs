//! What came of a run.

use std::time::Duration;

use serde::Serialize;

use crate::latency::{Latency, Percentiles};
use crate::plan::{Offer, Plan};
use crate::registers::Verdict;
use crate::subject::{Origin, Propagation};
use crate::tally::Tally;

/// Something for each origin of reads.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Origins<T> {
    /// The instance's own memory.
    pub l1: T,
    /// What all instances share.
    pub l2: T,
    /// Another read in progress.
    pub joined: T,
    /// The database.
    pub source: T,
    /// Some copy, of a cache that does not say which.
    pub cache: T,
}

impl Origin {
    pub(crate) const ALL: [Origin; 5] = [
        Origin::L1,
        Origin::L2,
        Origin::Joined,
        Origin::Source,
        Origin::Cache,
    ];
}

impl<T> Origins<T> {
    pub(crate) fn of(&mut self, origin: Origin) -> &mut T {
        match origin {
            Origin::L1 => &mut self.l1,
            Origin::L2 => &mut self.l2,
            Origin::Joined => &mut self.joined,
            Origin::Source => &mut self.source,
            Origin::Cache => &mut self.cache,
        }
    }

    pub(crate) fn get(&self, origin: Origin) -> &T {
        match origin {
            Origin::L1 => &self.l1,
            Origin::L2 => &self.l2,
            Origin::Joined => &self.joined,
            Origin::Source => &self.source,
            Origin::Cache => &self.cache,
        }
    }

    fn map<U>(&self, with: impl Fn(&T) -> U) -> Origins<U> {
        Origins {
            l1: with(&self.l1),
            l2: with(&self.l2),
            joined: with(&self.joined),
            source: with(&self.source),
            cache: with(&self.cache),
        }
    }
}

/// Reads that returned a value whose removal was acknowledged before they began.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Staleness {
    /// On the instance that had removed it.
    pub own_writes_lost: u64,
    /// Elsewhere, longer than `max_staleness` after the acknowledgement.
    pub too_old: u64,
    /// From L2, where a key is gone before its removal is acknowledged.
    pub resurrected: u64,
    /// Elsewhere, within `max_staleness`: the removal was on its way.
    pub behind: u64,
    /// How long after the acknowledgement the latest of all these began.
    pub longest: Duration,
    /// Values that were still old when everything had been at rest for `max_staleness`.
    pub at_rest: u64,
}

impl Staleness {
    /// Those that no contract allows.
    pub fn violations(&self) -> u64 {
        self.own_writes_lost + self.too_old + self.resurrected + self.at_rest
    }

    pub(crate) fn count(&mut self, verdict: Verdict) {
        let (counter, behind) = match verdict {
            Verdict::Fresh => return,
            Verdict::OwnWriteLost => (&mut self.own_writes_lost, Duration::ZERO),
            Verdict::TooOld(behind) => (&mut self.too_old, behind),
            Verdict::Resurrected(behind) => (&mut self.resurrected, behind),
            Verdict::Behind(behind) => (&mut self.behind, behind),
        };
        *counter += 1;
        self.longest = self.longest.max(behind);
    }

    pub(crate) fn add(&mut self, other: &Self) {
        self.own_writes_lost += other.own_writes_lost;
        self.too_old += other.too_old;
        self.resurrected += other.resurrected;
        self.behind += other.behind;
        self.at_rest += other.at_rest;
        self.longest = self.longest.max(other.longest);
    }
}

/// What came of a run. Printed, it is the specification's tables with what was measured.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct Report {
    /// The preset's name.
    pub preset: String,
    /// What it stands for.
    pub about: String,
    /// How hard the caches were worked, in words.
    pub offered: String,
    /// How many instances there were.
    pub instances: usize,
    /// How long it took.
    pub span: Duration,
    /// How many reads there were, by where they were answered.
    pub reads: Origins<u64>,
    /// Reads without a load of their own that returned what the database held when they began, or
    /// newer.
    pub current_hits: u64,
    /// How long reads took, by where they were answered.
    pub read_latency: Origins<Option<Percentiles>>,
    /// How long those took that did not wait for a load.
    pub hit_latency: Option<Percentiles>,
    /// How long the others took.
    pub miss_latency: Option<Percentiles>,
    /// How long writes took: the database's part and the invalidation.
    pub write_latency: Option<Percentiles>,
    /// How long invalidations took until they were acknowledged.
    pub invalidation_latency: Option<Percentiles>,
    /// How long removals took to arrive on the instance where they took longest.
    pub propagation: Option<Propagation>,
    /// Writes whose invalidation was not acknowledged in time.
    pub unacknowledged: u64,
    /// Reads that the cache did not answer at all.
    pub failed: u64,
    /// How often the database was asked.
    pub queries: u64,
    /// How often a perfect cache would have asked, if that was to be found out.
    pub oracle_queries: Option<u64>,
    /// The most loads of one row that one instance had in progress at a time.
    pub most_loading: u32,
    /// Stale reads.
    pub staleness: Staleness,
}

/// What is not counted by the workers.
pub(crate) struct Counted {
    pub(crate) queries: u64,
    pub(crate) most_loading: u32,
    pub(crate) stale_at_rest: u64,
    pub(crate) oracle: Option<u64>,
    pub(crate) propagation: Option<Propagation>,
}

impl Report {
    pub(crate) fn new(
        plan: &Plan,
        instances: usize,
        span: Duration,
        tally: Tally,
        counted: Counted,
    ) -> Self {
        let of = |origins: &[Origin]| {
            let mut sum = Latency::default();
            origins
                .iter()
                .for_each(|origin| sum.add(tally.reads.get(*origin)));
            sum.percentiles()
        };
        Self {
            preset: plan.preset.name.clone(),
            about: plan.preset.about.clone(),
            offered: match plan.offer {
                Offer::Workers(workers) => format!("{workers} workers for each instance"),
                Offer::Rate(rate) => format!("{rate:.0} operations per second"),
            },
            instances,
            span,
            reads: tally.reads.map(Latency::count),
            current_hits: tally.current_hits,
            read_latency: tally.reads.map(Latency::percentiles),
            hit_latency: of(&[Origin::L1, Origin::L2, Origin::Cache]),
            miss_latency: of(&[Origin::Joined, Origin::Source]),
            write_latency: tally.writes.percentiles(),
            invalidation_latency: tally.invalidations.percentiles(),
            propagation: counted.propagation,
            unacknowledged: tally.unacknowledged,
            failed: tally.failed,
            queries: counted.queries,
            oracle_queries: counted.oracle,
            most_loading: counted.most_loading,
            staleness: Staleness {
                at_rest: counted.stale_at_rest,
                ..tally.staleness
            },
        }
    }

    /// All reads.
    pub fn all_reads(&self) -> u64 {
        Origin::ALL
            .iter()
            .map(|origin| self.reads.get(*origin))
            .sum()
    }

    /// All writes.
    pub fn all_writes(&self) -> u64 {
        self.write_latency.map_or(0, |writes| writes.count)
    }

    /// Reads and writes per second.
    pub fn operations_per_second(&self) -> f64 {
        self.per_second(self.all_reads() + self.all_writes())
    }

    /// The share of reads that did not ask the database, from 0 to 1.
    pub fn hit_rate(&self) -> f64 {
        1.0 - self.share(self.queries)
    }

    /// The share of reads that had no load of their own, and returned what the database held when
    /// they began, or newer: hits that are no older than a load would have been.
    pub fn current_hit_rate(&self) -> f64 {
        self.share(self.current_hits)
    }

    /// This share of all reads.
    pub(crate) fn share(&self, reads: u64) -> f64 {
        reads as f64 / (self.all_reads() as f64).max(1.0)
    }

    /// So many of something, per second.
    pub(crate) fn per_second(&self, count: u64) -> f64 {
        count as f64 / self.span.as_secs_f64().max(f64::MIN_POSITIVE)
    }
}
