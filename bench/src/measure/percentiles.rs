//! Latencies of single operations within a round.

use std::time::Duration;

use hdrhistogram::Histogram;

use super::{Figure, Unit};

/// Three significant digits.
const DIGITS: u8 = 3;

/// Latencies of single operations within a round.
#[derive(Debug, Default)]
pub struct Latencies(Option<Histogram<u64>>);

impl Latencies {
    /// Records one.
    pub fn record(&mut self, took: Duration) {
        if self.0.is_none() {
            // Only more than five digits are refused.
            self.0 = Histogram::new(DIGITS).ok();
        }
        if let Some(histogram) = &mut self.0 {
            let nanos = u64::try_from(took.as_nanos()).unwrap_or(u64::MAX);
            // The histogram grows as needed.
            let _ = histogram.record(nanos);
        }
    }

    /// How many there are.
    pub fn count(&self) -> u64 {
        self.0.as_ref().map_or(0, Histogram::len)
    }

    /// The median and the 99th percentile, under names that begin with this.
    pub fn figures(&self, prefix: &str) -> Vec<Figure> {
        let of = |share: f64, name: &str| {
            let histogram = self.0.as_ref()?;
            let value = histogram.value_at_quantile(share) as f64;
            Some(Figure::new(
                format!("{prefix}{name}"),
                Unit::Nanoseconds,
                value,
            ))
        };
        [of(0.50, "p50"), of(0.99, "p99")]
            .into_iter()
            .flatten()
            .collect()
    }
}

impl Extend<Duration> for Latencies {
    fn extend<Spans: IntoIterator<Item = Duration>>(&mut self, spans: Spans) {
        spans.into_iter().for_each(|span| self.record(span));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_right_to_a_thousandth() {
        let mut latencies = Latencies::default();
        latencies.extend((1..=1000).map(Duration::from_micros));
        let figures = latencies.figures("idle ");
        let near = |figure: &Figure, name: &str, micros: f64| {
            assert_eq!(figure.measure, name);
            assert!((figure.value / (micros * 1000.0) - 1.0).abs() < 0.002);
        };
        near(&figures[0], "idle p50", 500.0);
        near(&figures[1], "idle p99", 990.0);
        assert_eq!(latencies.count(), 1000);
        assert!(Latencies::default().figures("").is_empty());
    }
}
