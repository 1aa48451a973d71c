//! The settings of the breaker.

use std::time::Duration;

/// `Breaker`: when to leave a failing server alone, and for how long.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct BreakerConfig {
    /// `FailureThreshold`: how many commands open it that go unanswered for `CommandTimeout`, with
    /// none in between that succeeds. 5. A lost connection, or a server that is not the primary any
    /// longer, opens it at once.
    pub failure_threshold: u32,
    /// `OpenDuration`: how long it stays open before the server is tried again; doubled after
    /// every failed try. 500 milliseconds.
    pub open_duration: Duration,
    /// `MaxOpenDuration`: what the doubling stops at. 2 seconds.
    pub max_open_duration: Duration,
}

impl Default for BreakerConfig {
    fn default() -> Self {
        Self {
            failure_threshold: 5,
            open_duration: Duration::from_millis(500),
            max_open_duration: Duration::from_secs(2),
        }
    }
}
