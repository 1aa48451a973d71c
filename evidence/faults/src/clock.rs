//! The clock by which everything is judged: monotonic, and the same for all processes of a machine.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use history::Moment;
use rustix::time::{ClockId, clock_gettime};

/// Nanoseconds of `CLOCK_MONOTONIC`.
pub(crate) fn now() -> u64 {
    let reading = clock_gettime(ClockId::Monotonic);
    reading.tv_sec.unsigned_abs() * 1_000_000_000 + reading.tv_nsec.unsigned_abs()
}

/// The same, as the judge takes it.
pub(crate) fn moment() -> Moment {
    Moment::from_nanos(now())
}

/// The time of day here, in milliseconds since 1970. It may jump.
pub(crate) fn wall() -> i64 {
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH);
    i64::try_from(since_1970.unwrap_or_default().as_millis()).unwrap_or(i64::MAX)
}

/// A span in the clock's unit.
pub(crate) const fn nanos_of(span: Duration) -> u64 {
    span.as_secs() * 1_000_000_000 + span.subsec_nanos() as u64
}
