//! Where settings come from, and that each of them lands.

use std::fs;
use std::time::Duration;

use unstale::config::{Config, Encoding, Endpoint};
use unstale::error::Error;
use unstale::policy::Priority;

use super::specification;

const fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn read(text: &str) -> Config {
    Config::from_json_only(text).unwrap()
}

/// Variables as a process has them.
fn variables(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    pairs.iter().map(owned).collect()
}

fn read_with(text: &str, pairs: &[(&str, &str)]) -> Config {
    Config::from_json_with(text, variables(pairs)).unwrap()
}

fn instance_name() -> String {
    format!("instance-{}", gethostname::gethostname().to_string_lossy())
}

#[test]
fn the_specifications_configuration_loads_unmodified() {
    let config = read(specification::STEP_2);
    assert!(config.memory.enabled);
    assert_eq!(config.memory.size_limit, 500);
    assert_eq!(config.memory.compaction_percentage, 0.30);
    assert_eq!(config.memory.expiration_scan_frequency, secs(60));
    assert!(config.redis.enabled);
    let server = config.redis.configuration.as_ref().unwrap();
    let host = "localhost".to_owned();
    assert_eq!(server.endpoints, [Endpoint::Tcp { host, port: 6379 }]);
    assert_eq!(config.redis.instance_name, "RealTimeApp:");
    assert_eq!(config.redis.namespace(), "RealTimeApp");
    assert_eq!(config.redis.default_database, Some(0));
    assert_eq!(config.default_absolute_expiration, secs(120));
    assert_eq!(config.default_sliding_expiration, None);
    assert!(!config.enable_compression);
    assert!(config.use_streams_for_invalidation);
    assert_eq!(config.stream.stream_name, "cache:invalidations");
    assert_eq!(config.stream.consumer_group, "cache-invalidation-group");
    assert_eq!(config.stream.consumer_name, instance_name());
    assert_eq!(config.stream.max_stream_length, 1_000);
    assert_eq!(config.stream.poll_interval, secs(1));
    assert!(config.enable_effectiveness_metrics);
}

#[test]
fn the_specifications_fragments_load_unmodified() {
    let streams = read(specification::STREAMS);
    assert!(streams.use_streams_for_invalidation);
    assert_eq!(streams.stream.max_stream_length, 1_000);
    assert_eq!(streams.stream.ack_timeout, secs(30));
    assert!(!streams.redis.enabled);

    let pub_sub = read(specification::PUB_SUB);
    assert!(!pub_sub.use_streams_for_invalidation);
    assert_eq!(pub_sub.redis.pub_sub_channel, "cache:invalidations");
    assert!(!pub_sub.redis.enabled);

    let ttl = read(specification::SHORTER_TTL);
    assert_eq!(ttl.default_absolute_expiration, secs(60));
    let poll = read(specification::FASTER_POLL);
    assert_eq!(poll.stream.poll_interval, Duration::from_millis(500));
}

#[test]
fn the_specifications_lifetimes_are_a_policy_table() {
    let config = read(
        r#"{ "TheTechLoopCache": { "Policies": {
            "stock:price:*":          { "AbsoluteExpiration": "00:02:00", "Size": 1, "Priority": "Low", "Label": "prices" },
            "inventory:stock:*":      { "AbsoluteExpiration": "00:03:00" },
            "session:*":              { "AbsoluteExpiration": "00:30:00", "SlidingExpiration": "00:15:00" },
            "dashboard:*":            { "AbsoluteExpiration": "00:00:30" },
            "document:*":             { "AbsoluteExpiration": "00:05:00" },
            "document:*:active-users":{ "AbsoluteExpiration": "00:00:30", "SlidingExpiration": null }
        } } }"#,
    );
    let lifetime = |key| {
        let rule = config.policies.resolve(key).unwrap();
        rule.policy.absolute_expiration.unwrap().as_secs()
    };
    assert_eq!(lifetime("stock:price:MSFT"), 120);
    assert_eq!(lifetime("inventory:stock:7"), 180);
    assert_eq!(lifetime("session:9"), 1_800);
    assert_eq!(lifetime("document:1"), 300);
    assert_eq!(lifetime("document:1:active-users"), 30);
    assert!(config.policies.resolve("feed:user:1").is_none());
    let prices = config.policies.resolve("stock:price:MSFT").unwrap();
    assert_eq!(
        (prices.policy.size, prices.policy.priority),
        (Some(1), Some(Priority::Low))
    );
    assert_eq!(&*prices.label, "prices");
    let sessions = config.policies.resolve("session:9").unwrap();
    assert_eq!(sessions.policy.sliding_expiration, Some(secs(900)));
}

#[test]
fn our_own_settings_land() {
    let config = read(
        r#"{ "Unstale": {
            "Redis": { "Configuration": "h", "ConnectTimeout": "00:00:03", "CommandTimeout": "00:00:00.100",
                "Partitions": 4 },
            "MaxStaleness": "00:00:05", "LeaseTtl": "00:00:08", "LeaseWait": "00:00:00",
            "LoadTimeout": "00:00:07", "MaxPending": 11, "MaxBans": 12,
            "EnableCompression": true, "CompressionThreshold": 0, "Serialization": "json",
            "Breaker": { "FailureThreshold": 2, "OpenDuration": "00:00:01", "MaxOpenDuration": "00:00:09" },
            "Heartbeat": { "Enabled": false, "Interval": "00:00:05" },
            "Inspect": { "SampleRate": 0.001, "MaxLoadsPerSecond": 3, "Grace": "00:00:02" }
        } }"#,
    );
    assert!(config.redis.enabled, "a connection string enables Redis");
    assert_eq!(config.redis.effective_connect_timeout(), secs(3));
    assert_eq!(
        config.redis.effective_command_timeout(),
        Duration::from_millis(100)
    );
    assert_eq!(config.redis.effective_partitions(), 4);
    assert_eq!(config.max_staleness, secs(5));
    assert_eq!(
        (config.lease_ttl, config.lease_wait),
        (secs(8), Duration::ZERO)
    );
    assert_eq!(config.load_timeout, secs(7));
    assert_eq!((config.max_pending, config.max_bans), (11, 12));
    assert_eq!(
        (config.compression_threshold, config.serialization),
        (0, Encoding::Json)
    );
    assert!(config.enable_compression);
    assert_eq!(config.breaker.failure_threshold, 2);
    assert_eq!(config.breaker.open_duration, secs(1));
    assert_eq!(config.breaker.max_open_duration, secs(9));
    assert!(!config.heartbeat.enabled);
    assert_eq!(config.heartbeat.interval, secs(5));
    assert_eq!(config.inspect.sample_rate, 0.001);
    assert_eq!(config.inspect.max_loads_per_second, 3);
    assert_eq!(config.inspect.grace, secs(2));
}

#[test]
fn an_empty_section_is_the_default_and_the_default_is_valid() {
    let config = read(r#"{ "Unstale": {} }"#);
    assert_eq!(config, Config::default());
    config.validate().unwrap();
    assert!(!config.redis.enabled);
    assert_eq!(config.redis.namespace(), "unstale");
    assert_eq!(config.redis.effective_partitions(), 1);
    assert_eq!(config.redis.effective_connect_timeout(), secs(2));
    assert_eq!(
        config.redis.effective_command_timeout(),
        Duration::from_millis(250)
    );
    assert_eq!(config.stream.consumer_name, instance_name());
}

#[test]
fn the_connection_string_decides_where_no_setting_does() {
    let config = read(
        r#"{ "Unstale": { "Redis": {
            "Configuration": "h:1,defaultDatabase=3,connectTimeout=4000,asyncTimeout=90"
        } } }"#,
    );
    assert_eq!(config.redis.effective_database(), 3);
    assert_eq!(config.redis.effective_connect_timeout(), secs(4));
    assert_eq!(
        config.redis.effective_command_timeout(),
        Duration::from_millis(90)
    );
    let config = read(r#"{ "Unstale": { "Redis": { "Enabled": false, "Configuration": "h" } } }"#);
    assert!(!config.redis.enabled);
    assert!(config.redis.configuration.is_some());
}

#[test]
fn names_of_settings_have_no_case_and_scalars_may_be_strings() {
    let config = read(
        r#"{ "thetechloopcache": {
            "memorycache": { "ENABLED": "False", "sizelimit": "7", "CompactionPercentage": "1" },
            "policies": { "A:*": { "size": 1 }, "a:*": { "size": 2, "priority": "neverremove" } }
        } }"#,
    );
    assert!(!config.memory.enabled);
    assert_eq!(config.memory.size_limit, 7);
    assert_eq!(config.memory.compaction_percentage, 1.0);
    let size = |key| config.policies.resolve(key).unwrap().policy.size;
    assert_eq!(
        (size("A:1"), size("a:1")),
        (Some(1), Some(2)),
        "keys have a case"
    );
}

#[test]
fn a_byte_order_mark_and_comments_are_accepted() {
    let config = read("\u{feff}{\n// ours\n\"Unstale\": { \"MaxBans\": 5, /* five */ },\n}");
    assert_eq!(config.max_bans, 5);
}

#[test]
fn variables_override_the_text() {
    let config = read_with(
        specification::STEP_2,
        &[
            (
                "TheTechLoopCache__Redis__Configuration",
                "redis://:hunter2@prod:7000/0",
            ),
            ("THETECHLOOPCACHE__MEMORYCACHE__SIZELIMIT", "9"),
            ("Unstale__EnableCompression", "true"),
            ("Unstale__Redis__Partitions", "3"),
            (
                "TheTechLoopCache__Policies__stock:price:*__AbsoluteExpiration",
                "00:00:10",
            ),
            ("TheTechLoopCache__DefaultSlidingExpiration", ""),
            ("PATH", "/bin"),
            ("UNSTALE_LOG", "debug"),
            ("Redis__Configuration", "elsewhere"),
        ],
    );
    let server = config.redis.configuration.as_ref().unwrap();
    assert_eq!(server.to_string(), "prod:7000");
    assert_eq!(server.password.as_ref().unwrap().expose(), "hunter2");
    assert_eq!(config.memory.size_limit, 9);
    assert_eq!(config.redis.partitions, Some(3));
    assert!(config.enable_compression);
    assert_eq!(config.default_sliding_expiration, None);
    assert_eq!(config.redis.instance_name, "RealTimeApp:", "the rest stays");
    let prices = config.policies.resolve("stock:price:MSFT").unwrap();
    assert_eq!(prices.policy.absolute_expiration, Some(secs(10)));
}

#[test]
fn variables_alone_are_a_configuration() {
    let config = read_with("{}", &[("Unstale__Redis__Configuration", "h")]);
    assert!(config.redis.enabled);
}

#[test]
fn a_later_file_overrides_an_earlier_one_setting_by_setting() {
    let folder = std::env::temp_dir().join(format!("unstale-layers-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let (base, production) = (folder.join("base.json"), folder.join("production.json"));
    fs::write(&base, format!("\u{feff}{}", specification::STEP_2)).unwrap();
    fs::write(
        &production,
        r#"{ "TheTechLoopCache": {
            "REDIS": { "Configuration": "prod:6379" },
            "StreamConfiguration": { "PollInterval": "00:00:00.500" }
        } }"#,
    )
    .unwrap();
    let config = Config::from_files_with(
        &[&base, &production],
        variables(&[(
            "TheTechLoopCache__StreamConfiguration__MaxStreamLength",
            "77",
        )]),
    );
    let alone = Config::from_file(&base);
    fs::remove_dir_all(&folder).unwrap();
    let config = config.unwrap();
    assert_eq!(
        config.redis.configuration.as_ref().unwrap().to_string(),
        "prod:6379"
    );
    assert_eq!(config.redis.namespace(), "RealTimeApp");
    assert_eq!(config.memory.size_limit, 500);
    assert_eq!(config.stream.poll_interval, Duration::from_millis(500));
    assert_eq!(config.stream.max_stream_length, 77);
    assert_eq!(alone.unwrap().stream.max_stream_length, 1_000);
}

#[test]
fn a_missing_file_is_named() {
    let error = Config::from_file("no/such/appsettings.json").unwrap_err();
    assert!(matches!(error, Error::Io { .. }));
    assert!(
        error.to_string().contains("no/such/appsettings.json"),
        "{error}"
    );
}
