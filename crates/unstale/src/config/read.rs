//! Which JSON name is which setting.

use super::section::Section;
use super::tree::{Node, POLICIES};
use super::{
    BreakerConfig, Config, Connection, HeartbeatConfig, InspectConfig, MemoryConfig, RedisConfig,
    StreamConfig, stream,
};
use crate::error::Problem;
use crate::policy::{Policy, PolicyTable};

/// Reads the section at `path`. Where a setting is wrong, its default stands in.
pub(super) fn config(path: &str, node: &Node) -> (Config, Vec<Problem>) {
    let default = Config::default();
    Section::read(path, Some(node), |s| Config {
        memory: s.group("MemoryCache", memory),
        redis: s.group("Redis", redis),
        default_absolute_expiration: s.take(
            "DefaultAbsoluteExpiration",
            default.default_absolute_expiration,
        ),
        default_sliding_expiration: s.take(
            "DefaultSlidingExpiration",
            default.default_sliding_expiration,
        ),
        enable_compression: s.take("EnableCompression", default.enable_compression),
        compression_threshold: s.take("CompressionThreshold", default.compression_threshold),
        max_value_size: s.take("MaxValueSize", default.max_value_size),
        serialization: s.take("Serialization", default.serialization),
        use_streams_for_invalidation: s.take(
            "UseStreamsForInvalidation",
            default.use_streams_for_invalidation,
        ),
        stream: s.group("StreamConfiguration", stream),
        enable_effectiveness_metrics: s.take(
            "EnableEffectivenessMetrics",
            default.enable_effectiveness_metrics,
        ),
        max_staleness: s.take("MaxStaleness", default.max_staleness),
        lease_ttl: s.take("LeaseTtl", default.lease_ttl),
        lease_wait: s.take("LeaseWait", default.lease_wait),
        load_timeout: s.take("LoadTimeout", default.load_timeout),
        max_pending: s.take("MaxPending", default.max_pending),
        max_bans: s.take("MaxBans", default.max_bans),
        breaker: s.group("Breaker", breaker),
        heartbeat: s.group("Heartbeat", heartbeat),
        inspect: s.group("Inspect", inspect),
        policies: policies(s),
    })
}

fn memory(s: &mut Section<'_>) -> MemoryConfig {
    let default = MemoryConfig::default();
    MemoryConfig {
        enabled: s.take("Enabled", default.enabled),
        size_limit: s.take("SizeLimit", default.size_limit),
        compaction_percentage: s.take("CompactionPercentage", default.compaction_percentage),
        expiration_scan_frequency: s
            .take("ExpirationScanFrequency", default.expiration_scan_frequency),
    }
}

fn redis(s: &mut Section<'_>) -> RedisConfig {
    let default = RedisConfig::default();
    let configuration = s.take("Configuration", None::<Connection>);
    RedisConfig {
        enabled: s.take("Enabled", configuration.is_some()),
        configuration,
        password: s.take("Password", default.password),
        password_file: s.take("PasswordFile", default.password_file),
        sentinel_password: s.take("SentinelPassword", default.sentinel_password),
        sentinel_password_file: s.take("SentinelPasswordFile", default.sentinel_password_file),
        certificate_authority: s.take("CertificateAuthority", default.certificate_authority),
        client_certificate: s.take("ClientCertificate", default.client_certificate),
        client_key: s.take("ClientKey", default.client_key),
        instance_name: s.take("InstanceName", default.instance_name),
        default_database: s.take("DefaultDatabase", default.default_database),
        partitions: s.take("Partitions", default.partitions),
        pub_sub_channel: s.take("PubSubChannel", default.pub_sub_channel),
        connect_timeout: s.take("ConnectTimeout", default.connect_timeout),
        command_timeout: s.take("CommandTimeout", default.command_timeout),
    }
}

fn stream(s: &mut Section<'_>) -> StreamConfig {
    let default = StreamConfig::default();
    let consumer_name = s.take("ConsumerName", default.consumer_name);
    StreamConfig {
        stream_name: s.take("StreamName", default.stream_name),
        consumer_group: s.take("ConsumerGroup", default.consumer_group),
        consumer_name: stream::with_machine_name(&consumer_name),
        max_stream_length: s.take("MaxStreamLength", default.max_stream_length),
        poll_interval: s.take("PollInterval", default.poll_interval),
        ack_timeout: s.take("AckTimeout", default.ack_timeout),
    }
}

fn breaker(s: &mut Section<'_>) -> BreakerConfig {
    let default = BreakerConfig::default();
    BreakerConfig {
        failure_threshold: s.take("FailureThreshold", default.failure_threshold),
        open_duration: s.take("OpenDuration", default.open_duration),
        max_open_duration: s.take("MaxOpenDuration", default.max_open_duration),
    }
}

fn heartbeat(s: &mut Section<'_>) -> HeartbeatConfig {
    let default = HeartbeatConfig::default();
    HeartbeatConfig {
        enabled: s.take("Enabled", default.enabled),
        interval: s.take("Interval", default.interval),
    }
}

fn inspect(s: &mut Section<'_>) -> InspectConfig {
    let default = InspectConfig::default();
    InspectConfig {
        sample_rate: s.take("SampleRate", default.sample_rate),
        max_loads_per_second: s.take("MaxLoadsPerSecond", default.max_loads_per_second),
        grace: s.take("Grace", default.grace),
    }
}

fn policies(s: &mut Section<'_>) -> PolicyTable {
    let mut table = PolicyTable::new();
    s.each(POLICIES, |pattern, s| {
        let policy = Policy {
            absolute_expiration: s.take("AbsoluteExpiration", None),
            sliding_expiration: s.take("SlidingExpiration", None),
            size: s.take("Size", None),
            priority: s.take("Priority", None),
            label: s.take("Label", None),
        };
        table.insert(pattern, policy);
    });
    table
}
