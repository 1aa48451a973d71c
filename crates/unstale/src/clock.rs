//! The clocks: the monotonic one that decides, and the wall clock that only reports.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::core::Tick;
#[cfg(feature = "evidence")]
use crate::evidence::surroundings;

/// The coarse clock lags behind the precise one by at most this much. One kernel tick is 10 ms at
/// the slowest; a hypervisor may take away the one CPU that keeps the time, until the others
/// notice some ticks later.
const COARSE_LAG: Duration = Duration::from_millis(100);

/// Now, precisely; about 25 ns.
pub(crate) fn now() -> Tick {
    #[cfg(feature = "evidence")]
    if let Some(reading) = surroundings(|surroundings| surroundings.monotonic()) {
        return Tick::default() + reading;
    }
    source::precise()
}

/// Whether `deadline` is still to come. Costs about 10 ns unless the deadline is near: the kernel
/// keeps the coarse clock, so it goes on while threads of this process are starved or stopped,
/// and only where its lag could matter is the precise clock read.
#[inline]
pub(crate) fn is_before(deadline: Tick) -> bool {
    coarse() + COARSE_LAG < deadline || now() < deadline
}

#[inline]
fn coarse() -> Tick {
    #[cfg(feature = "evidence")]
    if let Some(reading) = surroundings(|surroundings| surroundings.coarse()) {
        return Tick::default() + reading;
    }
    source::coarse()
}

/// Microseconds since 1970 by the wall clock. It may jump: for reports only.
pub(crate) fn wall_micros() -> u64 {
    u64::try_from(since_1970().as_micros()).unwrap_or(u64::MAX)
}

fn since_1970() -> Duration {
    #[cfg(feature = "evidence")]
    if let Some(reading) = surroundings(|surroundings| surroundings.wall()) {
        return reading;
    }
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
}

#[cfg(any(target_os = "linux", target_os = "android"))]
mod source {
    use rustix::time::{ClockId, Timespec, clock_gettime};

    use super::Tick;

    #[inline]
    pub(super) fn precise() -> Tick {
        tick(clock_gettime(ClockId::Monotonic))
    }

    #[inline]
    pub(super) fn coarse() -> Tick {
        tick(clock_gettime(ClockId::MonotonicCoarse))
    }

    #[inline]
    fn tick(reading: Timespec) -> Tick {
        // A monotonic clock never reads less than zero.
        let (seconds, nanos) = (reading.tv_sec as u64, reading.tv_nsec as u64);
        Tick::from_nanos(seconds * 1_000_000_000 + nanos)
    }
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
mod source {
    use std::sync::OnceLock;
    use std::time::{Duration, Instant};

    use super::Tick;

    static START: OnceLock<Instant> = OnceLock::new();

    pub(super) fn precise() -> Tick {
        // One second ahead, so that no reading is the zero that means "never".
        let elapsed = START.get_or_init(Instant::now).elapsed() + Duration::from_secs(1);
        Tick::default() + elapsed
    }

    /// This system has no coarse clock that goes on without us: read the precise one.
    pub(super) fn coarse() -> Tick {
        precise()
    }
}
