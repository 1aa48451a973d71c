//! The counters of one key pattern, and all of them.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use foldhash::fast::RandomState;
use parking_lot::RwLock;

use super::effectiveness::{Effectiveness, PatternStats};
use super::hits::{Hits, SAMPLE, SeriesId, Stripe, turn};
use super::latency::Latency;
use crate::clock;
use crate::core::Tick;
use crate::policy::{Labels, OTHER_LABEL};

/// What is counted for the keys of one pattern.
#[derive(Debug)]
pub(crate) struct Series {
    id: SeriesId,
    label: Arc<str>,
    l2_hits: AtomicU64,
    misses: AtomicU64,
    joined: AtomicU64,
    loads: AtomicU64,
    fills: AtomicU64,
    refused_fills: AtomicU64,
    oversized: AtomicU64,
    unreadable: AtomicU64,
    removals: AtomicU64,
    inspected: AtomicU64,
    differences: AtomicU64,
    skipped_inspections: AtomicU64,
    latency: Latency,
}

impl Series {
    fn new(id: SeriesId, label: Arc<str>) -> Self {
        Self {
            id,
            label,
            l2_hits: AtomicU64::default(),
            misses: AtomicU64::default(),
            joined: AtomicU64::default(),
            loads: AtomicU64::default(),
            fills: AtomicU64::default(),
            refused_fills: AtomicU64::default(),
            oversized: AtomicU64::default(),
            unreadable: AtomicU64::default(),
            removals: AtomicU64::default(),
            inspected: AtomicU64::default(),
            differences: AtomicU64::default(),
            skipped_inspections: AtomicU64::default(),
            latency: Latency::new(),
        }
    }

    /// By which its hits in L1 are counted.
    pub(crate) fn id(&self) -> SeriesId {
        self.id
    }

    pub(crate) fn l2_hit(&self, took: Duration) {
        count(&self.l2_hits);
        self.latency.record(took);
    }

    /// Counts a read that found nothing and `joined` somebody's load, or did not.
    pub(crate) fn miss(&self, took: Duration, joined: bool) {
        count(&self.misses);
        if joined {
            count(&self.joined);
        }
        self.latency.record(took);
    }

    pub(crate) fn load(&self) {
        count(&self.loads);
    }

    /// Counts what became of a loaded value: stored, or refused because it may be too old.
    pub(crate) fn fill(&self, accepted: bool) {
        count(if accepted {
            &self.fills
        } else {
            &self.refused_fills
        });
    }

    /// Counts a value that is too large to be cached.
    pub(crate) fn oversized(&self) {
        count(&self.oversized);
    }

    /// Counts a record that is of no known format or of another type.
    pub(crate) fn unreadable(&self) {
        count(&self.unreadable);
    }

    pub(crate) fn removal(&self) {
        count(&self.removals);
    }

    /// Counts a copy that was compared with the source, and whether they differed although nothing
    /// had been removed.
    pub(crate) fn inspected(&self, differs: bool) {
        count(&self.inspected);
        if differs {
            count(&self.differences);
        }
    }

    /// Counts a copy that was to be compared with the source, and was not.
    pub(crate) fn inspection_skipped(&self) {
        count(&self.skipped_inspections);
    }

    pub(crate) fn label(&self) -> &str {
        &self.label
    }

    fn stats(&self, l1_hits: u64) -> PatternStats {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        PatternStats {
            pattern: self.label.to_string(),
            l1_hits,
            l2_hits: read(&self.l2_hits),
            misses: read(&self.misses),
            joined: read(&self.joined),
            loads: read(&self.loads),
            fills: read(&self.fills),
            refused_fills: read(&self.refused_fills),
            oversized: read(&self.oversized),
            unreadable: read(&self.unreadable),
            removals: read(&self.removals),
            inspected: read(&self.inspected),
            differences: read(&self.differences),
            skipped_inspections: read(&self.skipped_inspections),
            average_latency: self.latency.mean(),
            p50: self.latency.quantile(0.50),
            p95: self.latency.quantile(0.95),
            p99: self.latency.quantile(0.99),
        }
    }
}

fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}

/// The series of all patterns; empty for good when nothing is to be measured.
#[derive(Debug)]
pub(crate) struct Catalogue {
    enabled: bool,
    /// How many there may be, besides the one for all others.
    bound: usize,
    series: RwLock<Listed>,
    l1_hits: Hits,
}

#[derive(Debug, Default)]
struct Listed {
    by_label: HashMap<Arc<str>, Arc<Series>, RandomState>,
    /// In the order of their numbers.
    by_id: Vec<Arc<Series>>,
}

impl Listed {
    /// The series of a label, a new one if need be; `None` when there are no numbers left.
    fn enter(&mut self, label: Arc<str>) -> Option<Arc<Series>> {
        if let Some(series) = self.by_label.get(&label) {
            return Some(series.clone());
        }
        let id = SeriesId::at(self.by_id.len())?;
        let series = Arc::new(Series::new(id, label.clone()));
        self.by_label.insert(label, series.clone());
        self.by_id.push(series.clone());
        Some(series)
    }
}

/// A hit in L1 that may come, for its thread to count.
#[derive(Copy, Clone)]
pub(crate) struct Counting {
    stripe: Stripe,
    /// When it began, for the sample whose latency is measured; zero for all others.
    began: Tick,
}

impl Catalogue {
    /// The labels of policies are there from the start, so that they never fall under the bound.
    pub(crate) fn new<'a>(enabled: bool, policies: impl Iterator<Item = &'a Arc<str>>) -> Self {
        const MOST_POLICIES: usize = SeriesId::MOST - Labels::DEFAULT_BOUND - 1;
        let mut listed = Listed::default();
        for label in policies.filter(|_| enabled).take(MOST_POLICIES) {
            listed.enter(label.clone());
        }
        let bound = listed.by_id.len() + Labels::DEFAULT_BOUND;
        Self {
            enabled,
            bound,
            series: RwLock::new(listed),
            l1_hits: Hits::new(bound + 1),
        }
    }

    pub(crate) fn is_enabled(&self) -> bool {
        self.enabled
    }

    /// The series of a label; `None` when nothing is measured. What would exceed the bound is
    /// counted together.
    pub(crate) fn series(&self, label: &Arc<str>) -> Option<Arc<Series>> {
        if !self.enabled {
            return None;
        }
        if let Some(series) = self.series.read().by_label.get(label) {
            return Some(series.clone());
        }
        let mut listed = self.series.write();
        if listed.by_label.contains_key(label) || listed.by_id.len() < self.bound {
            listed.enter(label.clone())
        } else {
            listed.enter(OTHER_LABEL.into())
        }
    }

    /// The start of a read that may be a hit in L1.
    #[inline]
    pub(crate) fn counting(&self) -> Counting {
        let turn = turn();
        let began = if turn.is_sampled && self.enabled {
            clock::now()
        } else {
            Tick::default()
        };
        Counting {
            stripe: turn.stripe,
            began,
        }
    }

    /// Counts a hit in L1. Its latency is measured for a sample only: reading a clock costs more
    /// than the hit.
    #[inline]
    pub(crate) fn l1_hit(&self, series: SeriesId, counting: Counting) {
        self.l1_hits.count(series, counting.stripe);
        if counting.began > Tick::default() {
            self.l1_latency(series, counting.began);
        }
    }

    #[cold]
    fn l1_latency(&self, series: SeriesId, began: Tick) {
        let took = clock::now().since(began);
        if let Some(series) = self.series.read().by_id.get(series.place()) {
            series.latency.record_many(took, SAMPLE);
        }
    }

    /// The figures of every pattern, and how long its reads take.
    #[cfg(feature = "metrics")]
    pub(crate) fn measured(&self) -> Vec<(PatternStats, crate::metrics::Buckets)> {
        let series: Vec<_> = self.series.read().by_id.clone();
        let measured = series.iter().map(|series| {
            let stats = series.stats(self.l1_hits.of(series.id));
            (stats, series.latency.buckets())
        });
        measured.filter(|(stats, _)| stats.is_used()).collect()
    }

    pub(crate) fn report(&self) -> Effectiveness {
        let mut patterns: Vec<_> = self
            .series
            .read()
            .by_id
            .iter()
            .map(|series| series.stats(self.l1_hits.of(series.id)))
            .filter(PatternStats::is_used)
            .collect();
        patterns.sort_by(|a, b| a.pattern.cmp(&b.pattern));
        Effectiveness {
            enabled: self.enabled,
            patterns,
        }
    }
}
