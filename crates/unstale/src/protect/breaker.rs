//! The circuit breaker of L2.

use std::sync::atomic::{AtomicU8, AtomicU32, Ordering};
use std::time::Duration;

use crate::config::BreakerConfig;

const CLOSED: u8 = 0;
const OPEN: u8 = 1;
const HALF_OPEN: u8 = 2;

/// Opens when commands go unanswered, or the line is lost; half-open, the supervisor alone tries the server, and
/// closes it only after fence, flush of pending removals, and catch-up.
#[derive(Debug)]
pub(crate) struct Breaker {
    threshold: u32,
    open: Duration,
    max_open: Duration,
    state: AtomicU8,
    /// Commands that went unanswered since the last one that succeeded.
    unanswered: AtomicU32,
    /// Consecutive failures of attempts to close it again.
    attempts: AtomicU32,
}

impl Breaker {
    /// Open at first: no server has been met yet.
    pub(crate) fn new(config: &BreakerConfig) -> Self {
        Self {
            threshold: config.failure_threshold,
            open: config.open_duration,
            max_open: config.max_open_duration,
            state: AtomicU8::new(OPEN),
            unanswered: AtomicU32::new(0),
            attempts: AtomicU32::new(0),
        }
    }

    pub(crate) fn succeeded(&self) {
        // Most calls succeed after others did: do not write a shared line for each of them.
        if self.unanswered.load(Ordering::Relaxed) != 0 {
            self.unanswered.store(0, Ordering::Relaxed);
        }
    }

    /// Counts a command that went unanswered; true when it is time to open.
    pub(crate) fn unanswered(&self) -> bool {
        self.unanswered.fetch_add(1, Ordering::Relaxed) + 1 >= self.threshold
    }

    pub(crate) fn trip(&self) {
        self.unanswered.store(0, Ordering::Relaxed);
        self.state.store(OPEN, Ordering::Release);
    }

    pub(crate) fn half_open(&self) {
        self.state.store(HALF_OPEN, Ordering::Release);
    }

    pub(crate) fn close(&self) {
        self.unanswered.store(0, Ordering::Relaxed);
        self.attempts.store(0, Ordering::Relaxed);
        self.state.store(CLOSED, Ordering::Release);
    }

    /// An attempt to close failed: how long to leave the server alone, doubled each time.
    pub(crate) fn reopen(&self) -> Duration {
        self.state.store(OPEN, Ordering::Release);
        let attempts = self.attempts.fetch_add(1, Ordering::Relaxed).min(16);
        self.open.saturating_mul(1 << attempts).min(self.max_open)
    }

    /// The state's name, for people.
    pub(crate) fn state(&self) -> &'static str {
        match self.state.load(Ordering::Acquire) {
            CLOSED => "closed",
            HALF_OPEN => "half-open",
            _ => "open",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn breaker() -> Breaker {
        Breaker::new(&BreakerConfig {
            failure_threshold: 3,
            open_duration: Duration::from_millis(100),
            max_open_duration: Duration::from_millis(350),
        })
    }

    #[test]
    fn only_what_goes_unanswered_in_a_row_opens_it() {
        let breaker = breaker();
        breaker.close();
        assert!(!breaker.unanswered());
        assert!(!breaker.unanswered());
        breaker.succeeded();
        assert!(!breaker.unanswered());
        assert!(!breaker.unanswered());
        assert!(breaker.unanswered());
    }

    #[test]
    fn pauses_grow_until_it_closes() {
        let breaker = breaker();
        let pauses = [100, 200, 350, 350].map(Duration::from_millis);
        assert_eq!(std::array::from_fn(|_| breaker.reopen()), pauses);
        breaker.close();
        assert_eq!(breaker.reopen(), pauses[0]);
        assert_eq!(breaker.state(), "open");
    }
}
