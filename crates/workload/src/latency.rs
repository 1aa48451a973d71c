//! How long things took.

use std::time::Duration;

use hdrhistogram::Histogram;
use serde::Serialize;

/// Two significant digits: percentiles are right to one percent.
const DIGITS: u8 = 2;

/// A distribution of latencies while it is measured.
#[derive(Clone, Debug, Default)]
pub(crate) struct Latency(Option<Histogram<u64>>);

impl Latency {
    pub(crate) fn record(&mut self, took: Duration) {
        if self.0.is_none() {
            // Only more than five digits are refused.
            self.0 = Histogram::new(DIGITS).ok();
        }
        if let Some(histogram) = &mut self.0 {
            let nanos = u64::try_from(took.as_nanos()).unwrap_or(u64::MAX);
            // The histogram grows as needed, so only a count beyond u64 could be refused.
            let _ = histogram.record(nanos);
        }
    }

    pub(crate) fn add(&mut self, other: &Latency) {
        match (&mut self.0, &other.0) {
            (Some(histogram), Some(other)) => {
                let _ = histogram.add(other);
            }
            (none @ None, Some(other)) => *none = Some(other.clone()),
            (_, None) => {}
        }
    }

    pub(crate) fn count(&self) -> u64 {
        self.0.as_ref().map_or(0, Histogram::len)
    }

    pub(crate) fn percentiles(&self) -> Option<Percentiles> {
        let histogram = self.0.as_ref().filter(|histogram| !histogram.is_empty())?;
        let at = |share| Duration::from_nanos(histogram.value_at_quantile(share));
        Some(Percentiles {
            count: histogram.len(),
            mean: Duration::from_nanos(histogram.mean() as u64),
            p50: at(0.50),
            p95: at(0.95),
            p99: at(0.99),
            longest: Duration::from_nanos(histogram.max()),
        })
    }
}

/// A distribution of latencies.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Percentiles {
    /// How many were measured.
    pub count: u64,
    /// Their mean.
    pub mean: Duration,
    /// Half took no longer.
    pub p50: Duration,
    /// 95% took no longer.
    pub p95: Duration,
    /// 99% took no longer.
    pub p99: Duration,
    /// The longest of all.
    pub longest: Duration,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn latency(millis: impl Iterator<Item = u64>) -> Latency {
        let mut latency = Latency::default();
        millis.for_each(|each| latency.record(Duration::from_millis(each)));
        latency
    }

    #[test]
    fn percentiles_of_two_parts_are_those_of_the_whole() {
        let mut sum = latency(1..=50);
        sum.add(&latency(51..=100));
        let percentiles = sum.percentiles().unwrap();
        assert_eq!(percentiles.count, 100);
        let near = |got: Duration, millis: f64| {
            assert!(
                (got.as_secs_f64() * 1000.0 / millis - 1.0).abs() < 0.02,
                "{got:?}"
            );
        };
        near(percentiles.p50, 50.0);
        near(percentiles.p99, 99.0);
        near(percentiles.longest, 100.0);
        near(percentiles.mean, 50.5);
    }

    #[test]
    fn nothing_has_no_percentiles() {
        assert_eq!(Latency::default().percentiles(), None);
        let mut sum = Latency::default();
        sum.add(&latency(1..=2));
        assert_eq!(sum.percentiles().map(|each| each.count), Some(2));
    }
}
