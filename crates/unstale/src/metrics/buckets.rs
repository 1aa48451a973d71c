//! A latency distribution as Prometheus takes it: how many did not exceed each bound.

use std::time::Duration;

/// The bounds, as they stand in the label `le`, and in nanoseconds. From a hit in L1 to what
/// `MaxStaleness` is by default.
pub(super) const BOUNDS: [(&str, u64); 16] = [
    ("0.000001", 1_000),
    ("0.00001", 10_000),
    ("0.0001", 100_000),
    ("0.00025", 250_000),
    ("0.0005", 500_000),
    ("0.001", 1_000_000),
    ("0.0025", 2_500_000),
    ("0.005", 5_000_000),
    ("0.01", 10_000_000),
    ("0.025", 25_000_000),
    ("0.05", 50_000_000),
    ("0.1", 100_000_000),
    ("0.25", 250_000_000),
    ("0.5", 500_000_000),
    ("1", 1_000_000_000),
    ("2", 2_000_000_000),
];

/// What was recorded since the start.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Buckets {
    /// How many did not exceed each of [`BOUNDS`].
    pub(super) within: [u64; BOUNDS.len()],
    /// How many there were.
    pub(super) count: u64,
    /// All of them added up.
    pub(super) sum: Duration,
}

impl Buckets {
    /// Adds `count` latencies of about `nanos`.
    pub(crate) fn add(&mut self, nanos: u64, count: u64) {
        for (within, (_, bound)) in self.within.iter_mut().zip(BOUNDS) {
            if nanos <= bound {
                *within += count;
            }
        }
        self.count += count;
        // In floating point, because there may be more of them than fit into nanoseconds.
        let seconds = nanos as f64 / 1e9 * count as f64;
        self.sum += Duration::try_from_secs_f64(seconds).unwrap_or_default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_are_written_as_they_are_and_grow() {
        for (text, nanos) in BOUNDS {
            let seconds: f64 = text.parse().unwrap();
            assert_eq!((seconds * 1e9).round() as u64, nanos);
        }
        assert!(BOUNDS.is_sorted_by(|one, next| one.1 < next.1));
    }

    #[test]
    fn each_bucket_holds_what_the_smaller_ones_hold() {
        let mut buckets = Buckets::default();
        buckets.add(500, 3);
        buckets.add(1_000_000, 2);
        buckets.add(9_000_000_000, 1);
        let within = |bound| {
            let place = BOUNDS.iter().position(|(text, _)| *text == bound);
            buckets.within[place.unwrap()]
        };
        assert_eq!((within("0.000001"), within("0.0005")), (3, 3));
        assert_eq!((within("0.001"), within("2")), (5, 5));
        assert_eq!(buckets.count, 6);
        assert_eq!(buckets.sum, Duration::from_nanos(9_002_001_500));
    }
}
