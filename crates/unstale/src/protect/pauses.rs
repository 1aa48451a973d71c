//! Pauses between attempts.

use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBuilder};

/// Pauses without end, doubled from the first until they reach the last, with some jitter so
/// that instances do not march in step.
#[derive(Debug)]
pub(crate) struct Pauses {
    first: Duration,
    last: Duration,
    growing: backon::ExponentialBackoff,
}

impl Pauses {
    pub(crate) fn growing(first: Duration, last: Duration) -> Self {
        let growing = ExponentialBuilder::default()
            .with_min_delay(first)
            .with_max_delay(last)
            .with_jitter()
            .without_max_times()
            .build();
        Self {
            first,
            last,
            growing,
        }
    }

    /// How long to wait now.
    pub(crate) fn next(&mut self) -> Duration {
        self.growing.next().unwrap_or(self.last)
    }

    /// An attempt succeeded: the next pause is the first again.
    pub(crate) fn start_over(&mut self) {
        *self = Self::growing(self.first, self.last);
    }
}
