//! How often the source is asked for the inspector's sake.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use crate::core::Tick;

/// No more of the inspector's loads than this are under way at a time: a source that is slow
/// already is not asked more.
const AT_A_TIME: usize = 4;

/// Spaces loads out evenly, so that no second, from whenever it is counted, has more of them.
#[derive(Debug)]
pub(super) struct Limit {
    interval: Duration,
    /// The next one may begin then.
    next: AtomicU64,
    loading: AtomicUsize,
}

impl Limit {
    pub(super) fn new(per_second: u32) -> Self {
        Self {
            interval: Duration::from_secs(1) / per_second.max(1),
            next: AtomicU64::new(0),
            loading: AtomicUsize::new(0),
        }
    }

    /// Whether a load may begin now. Then it has to be [`ended`](Self::ended).
    pub(super) fn begin(&self, now: Tick) -> bool {
        let next = (now + self.interval).as_nanos();
        let due = |due| (due <= now.as_nanos()).then_some(next);
        let relaxed = Ordering::Relaxed;
        let room = |loading: usize| (loading < AT_A_TIME).then_some(loading + 1);
        if self.loading.fetch_update(relaxed, relaxed, room).is_err() {
            return false;
        }
        let may = self.next.fetch_update(relaxed, relaxed, due).is_ok();
        if !may {
            self.ended();
        }
        may
    }

    pub(super) fn ended(&self) {
        self.loading.fetch_sub(1, Ordering::Relaxed);
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
            .filter(|millis| {
                let may = limit.begin(at(*millis));
                if may {
                    limit.ended();
                }
                may
            })
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
        let begun = (0..1_000).filter(|millis| limit.begin(at(*millis))).count();
        assert_eq!(begun, AT_A_TIME);
        limit.ended();
        assert!(limit.begin(at(1_000)));
        assert!(!limit.begin(at(1_001)));
    }
}
