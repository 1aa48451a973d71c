//! Latencies, recorded as a histogram.

use std::time::Duration;

use hdrhistogram::Histogram;
use parking_lot::Mutex;

/// Two significant digits: percentiles are right to one percent.
const DIGITS: u8 = 2;

/// What takes longer is recorded as this long.
const LONGEST: Duration = Duration::from_secs(60 * 60);

/// A latency distribution since the start. It has room for every latency from the start: a hit in L1
/// that the scheduler interrupts for longer than any before it allocates nothing either.
#[derive(Debug)]
pub(crate) struct Latency(Mutex<Option<Histogram<u64>>>);

impl Latency {
    pub(crate) fn new() -> Self {
        // Only digits above 5 and a bound below 2 are refused; without a histogram nothing is recorded.
        Self(Mutex::new(
            Histogram::new_with_max(nanos(LONGEST), DIGITS).ok(),
        ))
    }

    pub(crate) fn record(&self, latency: Duration) {
        self.record_many(latency, 1);
    }

    /// Records one measurement that stands for `count` of them.
    pub(crate) fn record_many(&self, latency: Duration, count: u64) {
        if let Some(histogram) = &mut *self.0.lock() {
            // Only what is beyond the bound would be refused.
            let _ = histogram.record_n(nanos(latency.min(LONGEST)), count);
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

fn nanos(latency: Duration) -> u64 {
    u64::try_from(latency.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_latency_has_its_place_from_the_start() {
        let latency = Latency::new();
        let places = || latency.0.lock().as_ref().unwrap().distinct_values();
        let from_the_start = places();
        for long in [Duration::ZERO, LONGEST, Duration::MAX] {
            latency.record(long);
        }
        assert_eq!(places(), from_the_start);
        assert_eq!(latency.quantile(0.3), Duration::ZERO);
        for share in [0.6, 1.0] {
            assert!(latency.quantile(share).abs_diff(LONGEST) < LONGEST / 100);
        }
    }
}
