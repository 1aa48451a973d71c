//! The settings of every cache under test: spans short enough for a fault every other second.

use std::time::Duration;

use unstale::{Config, config::Connection, operate::hash_tags};

use crate::options::Transport;

/// A quarter of the default, and everything else in proportion.
pub(crate) const MAX_STALENESS: Duration = Duration::from_millis(500);
pub(crate) const POLL_INTERVAL: Duration = Duration::from_millis(100);
pub(crate) const COMMAND_TIMEOUT: Duration = Duration::from_millis(150);
pub(crate) const CONNECT_TIMEOUT: Duration = Duration::from_millis(500);
pub(crate) const LOAD_TIMEOUT: Duration = Duration::from_millis(2500);
pub(crate) const LEASE_TTL: Duration = Duration::from_millis(2500);
pub(crate) const LEASE_WAIT: Duration = Duration::from_millis(60);

/// More bans are folded into broader ones.
pub(crate) const MAX_BANS: usize = 64;

/// The namespace of all caches.
pub(crate) const NAMESPACE: &str = "faults";

/// Where the library keeps what positions depend on, and the log, where there is one partition.
pub(crate) const META: &str = "{faults:0}:meta";
pub(crate) const LOG: &str = "{faults:0}:cache:invalidations";

/// The same of each of so many partitions.
pub(crate) fn metas_and_logs(partitions: u32) -> Vec<(String, String)> {
    let mut config = Config::default();
    NAMESPACE.clone_into(&mut config.redis.instance_name);
    config.redis.partitions = Some(partitions);
    let log = &config.stream.stream_name;
    let names = |tag: String| (format!("{tag}:meta"), format!("{tag}:{log}"));
    hash_tags(&config).into_iter().map(names).collect()
}

/// The settings of the cache of this name, which reaches the server there.
pub(crate) fn config(
    server: Connection,
    transport: Transport,
    partitions: u32,
    name: &str,
) -> Config {
    let mut config = Config::default();
    config.redis.connect_to(server);
    NAMESPACE.clone_into(&mut config.redis.instance_name);
    config.redis.partitions = Some(partitions);
    config.redis.command_timeout = Some(COMMAND_TIMEOUT);
    config.redis.connect_timeout = Some(CONNECT_TIMEOUT);
    config.use_streams_for_invalidation = transport == Transport::Streams;
    name.clone_into(&mut config.stream.consumer_name);
    config.stream.poll_interval = POLL_INTERVAL;
    config.stream.ack_timeout = Duration::from_secs(2);
    config.stream.max_stream_length = 1000;
    config.breaker.open_duration = Duration::from_millis(50);
    config.breaker.max_open_duration = Duration::from_millis(400);
    config.memory.expiration_scan_frequency = Duration::from_secs(1);
    config.max_staleness = MAX_STALENESS;
    config.lease_ttl = LEASE_TTL;
    config.lease_wait = LEASE_WAIT;
    config.load_timeout = LOAD_TIMEOUT;
    // So that values expire, unsent removals collapse and bans are folded now and then.
    config.default_absolute_expiration = Duration::from_secs(5);
    config.max_pending = 20;
    config.max_bans = MAX_BANS;
    config
}

/// What the report says about them.
pub(crate) fn summary() -> String {
    format!(
        "MaxStaleness {MAX_STALENESS:?}, PollInterval {POLL_INTERVAL:?}, CommandTimeout \
         {COMMAND_TIMEOUT:?}, LoadTimeout {LOAD_TIMEOUT:?}, LeaseTtl {LEASE_TTL:?}, LeaseWait \
         {LEASE_WAIT:?}"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_only_partition_has_the_names_that_faults_of_one_server_are_about() {
        let only = vec![(META.to_owned(), LOG.to_owned())];
        assert_eq!(metas_and_logs(1), only);
        assert_eq!(metas_and_logs(6).len(), 6);
    }
}
