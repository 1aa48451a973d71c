//! Readings of the one clock that all events share.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// A reading of a monotonic clock, in nanoseconds.
///
/// All events of a history must come from the same clock. On one machine that is
/// `CLOCK_MONOTONIC`, which all processes share. Wall clocks would not do: they jump.
#[derive(
    Copy, Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct Moment(u64);

impl Moment {
    /// The clock's beginning.
    pub const ZERO: Self = Self(0);
    /// Later than everything.
    pub(crate) const NEVER: Self = Self(u64::MAX);

    /// A reading.
    pub const fn from_nanos(nanos: u64) -> Self {
        Self(nanos)
    }

    /// The reading.
    ///
    /// ```
    /// assert_eq!(history::Moment::from_nanos(17).as_nanos(), 17);
    /// ```
    pub const fn as_nanos(self) -> u64 {
        self.0
    }

    /// How much later this is than another; zero if it is not.
    pub const fn since(self, earlier: Self) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }

    /// So long before this, but not before the clock's beginning.
    pub(crate) fn less(self, span: Duration) -> Self {
        let nanos = u64::try_from(span.as_nanos()).unwrap_or(u64::MAX);
        Self(self.0.saturating_sub(nanos))
    }
}
