//! How much is done for the inspector's sake: how often the source is asked, and how many copies
//! are kept meanwhile.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::core::Tick;

/// No more copies than this are loaded anew and compared at a time: a source that is slow already
/// is not asked more, and no more processors are busy encoding large values.
const AT_A_TIME: usize = 4;

/// No more copies than this wait for their verdict at a time. Each is kept in memory meanwhile,
/// whatever becomes of it in L1. By default, if all copies differ, 10 a second wait for somewhat more
/// than 5 seconds; and where more than these differ, there is no lack of cases.
const WAITING: usize = 64;

/// What only so many do at a time, until they drop this.
pub(super) type Place = OwnedSemaphorePermit;

/// Spaces loads out evenly, so that no second, from whenever it is counted, has more of them.
#[derive(Debug)]
pub(super) struct Limit {
    interval: Duration,
    /// The next one may begin then.
    next: AtomicU64,
    comparing: Arc<Semaphore>,
    waiting: Arc<Semaphore>,
}

impl Limit {
    pub(super) fn new(per_second: u32) -> Self {
        Self {
            interval: Duration::from_secs(1) / per_second.max(1),
            next: AtomicU64::new(0),
            comparing: Arc::new(Semaphore::new(AT_A_TIME)),
            waiting: Arc::new(Semaphore::new(WAITING)),
        }
    }

    /// A place to load and compare, if a load may begin now.
    pub(super) fn begin(&self, now: Tick) -> Option<Place> {
        let place = self.comparing.clone().try_acquire_owned().ok()?;
        let next = (now + self.interval).as_nanos();
        let due = |due| (due <= now.as_nanos()).then_some(next);
        let relaxed = Ordering::Relaxed;
        let may = self.next.fetch_update(relaxed, relaxed, due).is_ok();
        may.then_some(place)
    }

    /// A place to wait for the verdict, if one is free.
    pub(super) fn wait(&self) -> Option<Place> {
        self.waiting.clone().try_acquire_owned().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: u64) -> Tick {
        Tick::default() + Duration::from_millis(millis)
    }

    #[test]
    fn no_second_has_more_loads_than_the_limit() {
        let limit = Limit::new(5);
        let begun: Vec<u64> = (0..10_000)
            .filter(|millis| limit.begin(at(*millis)).is_some())
            .collect();
        assert_eq!(begun.len(), 50);
        for from in 0..9_000 {
            let second = from..from + 1_000;
            assert!(begun.iter().filter(|at| second.contains(*at)).count() <= 5);
        }
    }

    #[test]
    fn a_slow_source_is_not_asked_more() {
        let limit = Limit::new(1_000);
        let mut begun: Vec<_> = (0..1_000)
            .filter_map(|millis| limit.begin(at(millis)))
            .collect();
        assert_eq!(begun.len(), AT_A_TIME);
        begun.pop();
        let _again = limit.begin(at(1_000)).expect("a place");
        assert!(limit.begin(at(1_001)).is_none());
    }
}
