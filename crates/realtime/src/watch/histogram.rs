use std::{
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::Duration,
};

use serde::Serialize;

/// The upper bounds of the bars, in microseconds; the last bar has none.
const BOUNDS: [u64; 10] = [20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 20_000, 100_000];

/// How long removals took to reach another instance.
#[derive(Debug, Default)]
pub(crate) struct Histogram([AtomicU64; BOUNDS.len() + 1]);

/// One bar.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Bar {
    /// None for whatever took longer than the bar before.
    up_to_micros: Option<u64>,
    count: u64,
}

impl Histogram {
    pub(crate) fn record(&self, took: Duration) {
        let micros = took.as_micros();
        let place = BOUNDS.partition_point(|bound| u128::from(*bound) < micros);
        self.0[place].fetch_add(1, Relaxed);
    }

    pub(crate) fn bars(&self) -> Vec<Bar> {
        let bounds = BOUNDS.iter().copied().map(Some).chain([None]);
        let bar = |(count, up_to_micros): (&AtomicU64, _)| Bar {
            up_to_micros,
            count: count.load(Relaxed),
        };
        self.0.iter().zip(bounds).map(bar).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_measurement_is_in_the_first_bar_that_is_long_enough() {
        let histogram = Histogram::default();
        for micros in [0, 20, 21, 100_000, 100_001, u64::MAX / 1_000] {
            histogram.record(Duration::from_micros(micros));
        }
        let counts: Vec<_> = histogram.bars().iter().map(|bar| bar.count).collect();
        assert_eq!(counts, [2, 1, 0, 0, 0, 0, 0, 0, 0, 1, 2]);
        assert_eq!(histogram.bars()[10].up_to_micros, None);
    }
}
