//! Latencies, recorded as a histogram.

use std::time::Duration;

use hdrhistogram::Histogram;
use parking_lot::Mutex;

/// Two significant digits: percentiles are right to one percent.
const DIGITS: u8 = 2;

/// A latency distribution since the start.
#[derive(Debug)]
pub(crate) struct Latency(Mutex<Option<Histogram<u64>>>);

impl Latency {
    pub(crate) fn new() -> Self {
        // Only digits above 5 are refused; without a histogram nothing is recorded.
        Self(Mutex::new(Histogram::new(DIGITS).ok()))
    }

    pub(crate) fn record(&self, latency: Duration) {
        self.record_many(latency, 1);
    }

    /// Records one measurement that stands for `count` of them.
    pub(crate) fn record_many(&self, latency: Duration, count: u64) {
        let nanos = u64::try_from(latency.as_nanos()).unwrap_or(u64::MAX);
        if let Some(histogram) = &mut *self.0.lock() {
            // The histogram grows as needed, so only a count beyond u64 could be refused.
            let _ = histogram.record_n(nanos, count);
        }
    }

    pub(crate) fn mean(&self) -> Duration {
        let lock = self.0.lock();
        lock.as_ref()
            .map_or(Duration::ZERO, |h| Duration::from_nanos(h.mean() as u64))
    }

    /// The latency that this share of all, between 0 and 1, did not exceed.
    pub(crate) fn quantile(&self, share: f64) -> Duration {
        let lock = self.0.lock();
        lock.as_ref().map_or(Duration::ZERO, |h| {
            Duration::from_nanos(h.value_at_quantile(share))
        })
    }

    /// Everything that was recorded, as Prometheus takes it.
    #[cfg(feature = "metrics")]
    pub(crate) fn buckets(&self) -> crate::metrics::Buckets {
        let mut buckets = crate::metrics::Buckets::default();
        if let Some(histogram) = &*self.0.lock() {
            for value in histogram.iter_recorded() {
                buckets.add(value.value_iterated_to(), value.count_at_value());
            }
        }
        buckets
    }
}
