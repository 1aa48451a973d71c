//! The counters of one key pattern, and all of them.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use parking_lot::RwLock;

use super::effectiveness::{Effectiveness, PatternStats};
use super::latency::Latency;
use super::striped::{SAMPLE, Striped, sample};
use crate::clock;
use crate::core::Tick;
use crate::policy::{Labels, OTHER_LABEL};

/// What is counted for the keys of one pattern.
#[derive(Debug)]
pub(crate) struct Series {
    label: Arc<str>,
    l1_hits: Striped,
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
    fn new(label: Arc<str>) -> Self {
        Self {
            label,
            l1_hits: Striped::default(),
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

    /// Counts a hit in L1. Its latency is measured for a sample only: reading a clock costs more
    /// than the hit.
    pub(crate) fn l1_hit(&self, sampled: Option<Tick>) {
        self.l1_hits.add_one();
        if let Some(began) = sampled {
            self.latency.record_many(clock::now().since(began), SAMPLE);
        }
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

    fn stats(&self) -> PatternStats {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        PatternStats {
            pattern: self.label.to_string(),
            l1_hits: self.l1_hits.total(),
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

/// The series of all patterns, by label; empty for good when nothing is to be measured.
#[derive(Debug)]
pub(crate) struct Catalogue {
    enabled: bool,
    /// How many there may be, besides the one for all others.
    bound: usize,
    series: RwLock<HashMap<Arc<str>, Arc<Series>>>,
}

impl Catalogue {
    /// The labels of policies are there from the start, so that they never fall under the bound.
    pub(crate) fn new<'a>(enabled: bool, policies: impl Iterator<Item = &'a Arc<str>>) -> Self {
        let series: HashMap<_, _> = policies
            .filter(|_| enabled)
            .map(|label| (label.clone(), Arc::new(Series::new(label.clone()))))
            .collect();
        Self {
            enabled,
            bound: series.len() + Labels::DEFAULT_BOUND,
            series: RwLock::new(series),
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
        if let Some(series) = self.series.read().get(label) {
            return Some(series.clone());
        }
        let mut all = self.series.write();
        let label = if all.contains_key(label) || all.len() < self.bound {
            label.clone()
        } else {
            OTHER_LABEL.into()
        };
        let series = all
            .entry(label.clone())
            .or_insert_with(|| Arc::new(Series::new(label)));
        Some(series.clone())
    }

    /// The start of a hit in L1, for the sample whose latency is measured.
    pub(crate) fn sampled_start(&self) -> Option<Tick> {
        (self.enabled && sample()).then(clock::now)
    }

    /// The figures of every pattern, and how long its reads take.
    #[cfg(feature = "metrics")]
    pub(crate) fn measured(&self) -> Vec<(PatternStats, crate::metrics::Buckets)> {
        let series: Vec<_> = self.series.read().values().cloned().collect();
        let measured = series
            .iter()
            .map(|series| (series.stats(), series.latency.buckets()));
        measured.filter(|(stats, _)| stats.is_used()).collect()
    }

    pub(crate) fn report(&self) -> Effectiveness {
        let mut patterns: Vec<_> = self
            .series
            .read()
            .values()
            .map(|series| series.stats())
            .filter(PatternStats::is_used)
            .collect();
        patterns.sort_by(|a, b| a.pattern.cmp(&b.pattern));
        Effectiveness {
            enabled: self.enabled,
            patterns,
        }
    }
}
