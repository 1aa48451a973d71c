//! The settings of the heartbeat.

use std::time::Duration;

/// `Heartbeat`: what an instance tells operators of itself, in a small record on the server that
/// expires. Nothing depends on it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct HeartbeatConfig {
    /// `Enabled`: whether this instance tells anything. Yes.
    pub enabled: bool,
    /// `Interval`: how often. 2 seconds.
    pub interval: Duration,
}

impl Default for HeartbeatConfig {
    fn default() -> Self {
        Self {
            enabled: true,
            interval: Duration::from_secs(2),
        }
    }
}
