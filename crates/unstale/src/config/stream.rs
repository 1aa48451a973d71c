//! The settings of the log.

use std::time::Duration;

/// `StreamConfiguration`: the log of invalidations and how an instance follows it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct StreamConfig {
    /// `StreamName`: the name of the log within the namespace. `cache:invalidations`.
    pub stream_name: String,
    /// `ConsumerGroup`: the name of the set of instances in reports. Every instance reads the
    /// whole log; nothing is shared out between them. `cache-invalidation-group`.
    pub consumer_group: String,
    /// `ConsumerName`: this instance's name in reports. In JSON, `{MachineName}` becomes the name
    /// of the host. `instance-{MachineName}`.
    pub consumer_name: String,
    /// `MaxStreamLength`: how many invalidations the log keeps, for each partition. An instance that falls behind
    /// further drops its L1. 10,000.
    pub max_stream_length: u64,
    /// `PollInterval`: how long one read of the log waits for news, and so how often freshness is
    /// proven. News arrive at once, whatever the interval. At most half of `MaxStaleness`.
    /// 1 second.
    pub poll_interval: Duration,
    /// `AckTimeout`: after how long without proof of freshness an instance reports itself
    /// unhealthy. Longer than `PollInterval`. 30 seconds.
    pub ack_timeout: Duration,
}

/// What becomes the name of the host in `ConsumerName`.
const MACHINE_NAME: &str = "{MachineName}";

/// Puts the name of the host into a name.
pub(super) fn with_machine_name(name: &str) -> String {
    if !name.contains(MACHINE_NAME) {
        return name.to_owned();
    }
    name.replace(MACHINE_NAME, &gethostname::gethostname().to_string_lossy())
}

impl Default for StreamConfig {
    fn default() -> Self {
        Self {
            stream_name: "cache:invalidations".to_owned(),
            consumer_group: "cache-invalidation-group".to_owned(),
            consumer_name: with_machine_name("instance-{MachineName}"),
            max_stream_length: 10_000,
            poll_interval: Duration::from_secs(1),
            ack_timeout: Duration::from_secs(30),
        }
    }
}
