//! Invalidations sent and received, counted.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use serde::Serialize;

use super::events::Announcer;
use super::latency::Latency;
use crate::clock;
use crate::core::Tick;

/// The rate is an average over this span.
const RATE_SPAN: Duration = Duration::from_secs(10);

/// What this instance invalidated and heard of since it started.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct InvalidationStats {
    /// False when `EnableEffectivenessMetrics` is off: then only losses (`gaps`, `resyncs`,
    /// `collapsed`) and what is `pending` are counted.
    pub enabled: bool,
    /// Keys, patterns and tags that this instance invalidated.
    pub total: u64,
    /// The same per second, over the last ten seconds or so.
    pub per_second: f64,
    /// Mean time from the call until it was acknowledged.
    pub average_latency: Duration,
    /// Half of them took no longer.
    pub p50_latency: Duration,
    /// 99% of them took no longer.
    pub p99_latency: Duration,
    /// Scripts in which they were sent: several invalidations share one under load.
    pub sent_batches: u64,
    /// Keys, patterns and tags that other instances invalidated or set, and this one applied.
    pub received: u64,
    /// Time from another instance's sending to its effect here, by both wall clocks.
    pub propagation_p50: Duration,
    /// 99% of them took no longer.
    pub propagation_p99: Duration,
    /// Losses in the log that were detected: trimmed or lost messages, or a new epoch.
    pub gaps: u64,
    /// Times L1 was dropped as a whole and the log taken up at its tail.
    pub resyncs: u64,
    /// Removals that are not acknowledged yet.
    pub pending: u64,
    /// Times too many removals were pending, and became one ban on everything.
    pub collapsed: u64,
}

/// The counters behind [`InvalidationStats`].
#[derive(Debug)]
pub(crate) struct Invalidations {
    enabled: bool,
    total: AtomicU64,
    batches: AtomicU64,
    received: AtomicU64,
    gaps: AtomicU64,
    resyncs: AtomicU64,
    collapsed: AtomicU64,
    latency: Latency,
    propagation: Latency,
    rate: Mutex<Rate>,
    pub(crate) events: Announcer,
}

impl Invalidations {
    pub(crate) fn new(enabled: bool) -> Self {
        Self {
            enabled,
            total: AtomicU64::default(),
            batches: AtomicU64::default(),
            received: AtomicU64::default(),
            gaps: AtomicU64::default(),
            resyncs: AtomicU64::default(),
            collapsed: AtomicU64::default(),
            latency: Latency::new(),
            propagation: Latency::new(),
            rate: Mutex::new(Rate {
                since: clock::now(),
                total: 0,
                last: None,
            }),
            events: Announcer::default(),
        }
    }

    pub(crate) fn invalidated(&self, count: usize) {
        if !self.enabled {
            return;
        }
        self.total.fetch_add(count as u64, Ordering::Relaxed);
    }

    /// Counts a call that was acknowledged.
    pub(crate) fn acknowledged(&self, took: Duration) {
        if self.enabled {
            self.latency.record(took);
        }
    }

    pub(crate) fn sent_batch(&self) {
        if !self.enabled {
            return;
        }
        self.batches.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts what another instance invalidated at `sent_at` of its wall clock.
    pub(crate) fn received(&self, count: usize, sent_at: u64) {
        if !self.enabled {
            return;
        }
        self.received.fetch_add(count as u64, Ordering::Relaxed);
        let lag = clock::wall_micros().saturating_sub(sent_at);
        self.propagation.record(Duration::from_micros(lag));
    }

    pub(crate) fn gap(&self) {
        self.gaps.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn resync(&self) {
        self.resyncs.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn collapse(&self) {
        self.collapsed.fetch_add(1, Ordering::Relaxed);
    }

    /// How long removals take, and how long those of others took to arrive.
    #[cfg(feature = "metrics")]
    pub(crate) fn buckets(&self) -> (crate::metrics::Buckets, crate::metrics::Buckets) {
        (self.latency.buckets(), self.propagation.buckets())
    }

    pub(crate) fn report(&self, pending: u64) -> InvalidationStats {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let total = read(&self.total);
        InvalidationStats {
            enabled: self.enabled,
            total,
            per_second: self.rate.lock().per_second(total, clock::now()),
            average_latency: self.latency.mean(),
            p50_latency: self.latency.quantile(0.50),
            p99_latency: self.latency.quantile(0.99),
            sent_batches: read(&self.batches),
            received: read(&self.received),
            propagation_p50: self.propagation.quantile(0.50),
            propagation_p99: self.propagation.quantile(0.99),
            gaps: read(&self.gaps),
            resyncs: read(&self.resyncs),
            pending,
            collapsed: read(&self.collapsed),
        }
    }
}

/// Turns a growing total into a rate: over the current span, or over the one before as long as
/// the current one is too short to tell.
#[derive(Debug)]
struct Rate {
    since: Tick,
    total: u64,
    last: Option<f64>,
}

impl Rate {
    fn per_second(&mut self, total: u64, now: Tick) -> f64 {
        let span = now.since(self.since);
        let current = (total - self.total) as f64 / span.as_secs_f64().max(0.001);
        if span >= RATE_SPAN {
            *self = Rate {
                since: now,
                total,
                last: Some(current),
            };
        }
        match self.last {
            Some(last) if span < RATE_SPAN / 10 => last,
            _ => current,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_follows_the_total() {
        let at = |seconds| Tick::default() + Duration::from_secs(seconds);
        let mut rate = Rate {
            since: at(0),
            total: 0,
            last: None,
        };
        assert_eq!(rate.per_second(50, at(5)), 10.0);
        assert_eq!(rate.per_second(200, at(10)), 20.0);
        assert_eq!(rate.per_second(200, at(10)), 20.0);
        assert_eq!(rate.per_second(200, at(15)), 0.0);
    }
}
