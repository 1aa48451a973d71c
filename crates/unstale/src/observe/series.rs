//! The counters of one key pattern.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::effectiveness::PatternStats;
use super::hits::SeriesId;
use super::latency::Latency;

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
    pub(super) latency: Latency,
}

impl Series {
    pub(super) fn new(id: SeriesId, label: Arc<str>) -> Self {
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

    pub(super) fn stats(&self, l1_hits: u64) -> PatternStats {
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
