//! Settings that cannot work, each with what is allowed and why.

use std::time::Duration;

use super::repeat::is_harmless;
use super::tree::POLICIES;
use super::{
    BreakerConfig, Config, HeartbeatConfig, InspectConfig, MemoryConfig, RedisConfig, StreamConfig,
    TimeSpan,
};
use crate::error::Problem;
use crate::policy::{Policy, Rule};

mod check;
mod login;
use check::Check;

/// The most often that an instance may tell of itself.
const HEARTBEAT: Duration = Duration::from_millis(100);
const HOUR: Duration = Duration::from_secs(3_600);
const DAY: Duration = Duration::from_secs(86_400);
const TEN_YEARS: Duration = Duration::from_secs(3_650 * 86_400);

/// What is wrong with single settings, whatever the others are.
pub(super) fn alone(config: &Config, section: &str) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut check = Check::new(section, &mut problems);
    memory(&mut check.group("MemoryCache"), &config.memory);
    redis(&mut check.group("Redis"), &config.redis);
    stream(&mut check.group("StreamConfiguration"), &config.stream);
    breaker(&mut check.group("Breaker"), &config.breaker);
    heartbeat(&mut check.group("Heartbeat"), &config.heartbeat);
    inspect(&mut check.group("Inspect"), &config.inspect);
    for Rule {
        pattern, policy, ..
    } in config.policies.rules()
    {
        let mut check = check.group(POLICIES);
        check.that(!pattern.as_str().is_empty(), "\"\"", || {
            (
                "is an empty pattern",
                "Write a pattern such as `product:*`.",
            )
        });
        self::policy(&mut check.group(pattern.as_str()), policy);
    }
    let (absolute, sliding) = (
        config.default_absolute_expiration,
        config.default_sliding_expiration,
    );
    check.time("DefaultAbsoluteExpiration", Some(absolute), TEN_YEARS);
    check.time("DefaultSlidingExpiration", sliding, TEN_YEARS);
    check.time("MaxStaleness", Some(config.max_staleness), HOUR);
    check.time("LeaseTtl", Some(config.lease_ttl), HOUR);
    check.time("LoadTimeout", Some(config.load_timeout), HOUR);
    check.positive("MaxValueSize", config.max_value_size > 0);
    check.positive("MaxPending", config.max_pending > 0);
    check.positive("MaxBans", config.max_bans > 0);
    problems
}

fn memory(check: &mut Check, memory: &MemoryConfig) {
    check.positive("SizeLimit", memory.size_limit > 0);
    let part = memory.compaction_percentage;
    check.that(part > 0.0 && part <= 1.0, "CompactionPercentage", || {
        (
            format!("is {part}"),
            "Write a number above 0 and at most 1, because it is the part of L1 that makes room.",
        )
    });
    let frequency = memory.expiration_scan_frequency;
    check.time("ExpirationScanFrequency", Some(frequency), DAY);
}

fn redis(check: &mut Check, redis: &RedisConfig) {
    check.name("InstanceName", redis.namespace());
    check.name("PubSubChannel", &redis.pub_sub_channel);
    let (partitions, most) = (redis.effective_partitions(), RedisConfig::MOST_PARTITIONS);
    check.that((1..=most).contains(&partitions), "Partitions", || {
        (
            format!("is {partitions}"),
            format!("Write a whole number from 1 to {most}, the same for all instances."),
        )
    });
    check.time("ConnectTimeout", redis.connect_timeout, HOUR);
    check.time("CommandTimeout", redis.command_timeout, HOUR);
    login::alone(check, redis);
    if let Some(server) = &redis.configuration {
        check.that(!server.endpoints.is_empty(), "Configuration", || {
            ("names no server", "Add an endpoint.")
        });
    }
}

fn stream(check: &mut Check, stream: &StreamConfig) {
    let name = &stream.stream_name;
    check.name("StreamName", name);
    check.that(
        !["meta", "instances"].contains(&name.as_str())
            && !["k:", "h:", "i:"]
                .iter()
                .any(|start| name.starts_with(start)),
        "StreamName",
        || {
            let shown = if is_harmless(name) {
                name
            } else {
                &format!("{}:\u{2026}", &name[..1])
            };
            (
                format!("is `{shown}`, which is where the cache keeps something else"),
                "Write another name than `meta` and `instances`, and one that does not begin with \
                 `k:`, `h:` or `i:`.",
            )
        },
    );
    check.name("ConsumerGroup", &stream.consumer_group);
    check.name("ConsumerName", &stream.consumer_name);
    check.positive("MaxStreamLength", stream.max_stream_length > 0);
    let longest = i64::MAX.unsigned_abs();
    check.that(
        stream.max_stream_length <= longest,
        "MaxStreamLength",
        || {
            let remedy =
                format!("Write at most {longest}, because the server knows no larger number.");
            (format!("is {}", stream.max_stream_length), remedy)
        },
    );
    check.time("PollInterval", Some(stream.poll_interval), HOUR);
    check.time("AckTimeout", Some(stream.ack_timeout), DAY);
}

fn breaker(check: &mut Check, breaker: &BreakerConfig) {
    check.positive("FailureThreshold", breaker.failure_threshold > 0);
    check.time("OpenDuration", Some(breaker.open_duration), HOUR);
    check.time("MaxOpenDuration", Some(breaker.max_open_duration), HOUR);
}

fn heartbeat(check: &mut Check, heartbeat: &HeartbeatConfig) {
    let interval = heartbeat.interval;
    check.that((HEARTBEAT..=HOUR).contains(&interval), "Interval", || {
        let (interval, least, most) = (TimeSpan(interval), TimeSpan(HEARTBEAT), TimeSpan(HOUR));
        let remedy = format!(
            "Write a TimeSpan from {least} to {most}: it is for people, and costs the server a \
                 command."
        );
        (format!("is {interval}"), remedy)
    });
}

fn inspect(check: &mut Check, inspect: &InspectConfig) {
    let rate = inspect.sample_rate;
    check.that((0.0..=1.0).contains(&rate), "SampleRate", || {
        (
            format!("is {rate}"),
            "Write a number from 0 to 1, such as 0.001 for one hit in a thousand.",
        )
    });
    let loads = inspect.max_loads_per_second;
    check.that((1..=10_000).contains(&loads), "MaxLoadsPerSecond", || {
        (
            format!("is {loads}"),
            "Write a whole number from 1 to 10000. To inspect nothing, set SampleRate to 0.",
        )
    });
    check.time("Grace", Some(inspect.grace), HOUR);
}

fn policy(check: &mut Check, policy: &Policy) {
    check.time("AbsoluteExpiration", policy.absolute_expiration, TEN_YEARS);
    check.time("SlidingExpiration", policy.sliding_expiration, TEN_YEARS);
    check.positive("Size", policy.size != Some(0));
    check.that(policy.label.as_deref() != Some(""), "Label", || {
        (
            "is empty",
            "Write a name, or leave it out to use the pattern.",
        )
    });
}

/// What is wrong with settings because of others.
pub(super) fn together(config: &Config, section: &str) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut check = Check::new(section, &mut problems);
    written_once(&mut check.group("Redis"), &config.redis);
    login::together(&mut check.group("Redis"), &config.redis);
    let (stream, breaker) = (&config.stream, &config.breaker);
    check.at_most(
        ("StreamConfiguration:PollInterval", stream.poll_interval),
        ("half of MaxStaleness", config.max_staleness / 2),
        "L1 stops answering when freshness has not been proven for MaxStaleness, and every poll \
         proves it once",
    );
    check.at_most(
        ("LeaseWait", config.lease_wait),
        ("LeaseTtl", config.lease_ttl),
        "nobody fills a key once the lease has run out",
    );
    check.at_most(
        ("Breaker:OpenDuration", breaker.open_duration),
        ("MaxOpenDuration", breaker.max_open_duration),
        "it grows from the one to the other",
    );
    let (ack, poll) = (stream.ack_timeout, stream.poll_interval);
    check.that(ack > poll, "StreamConfiguration:AckTimeout", || {
        let (ack, poll) = (TimeSpan(ack), TimeSpan(poll));
        (
            format!("is {ack}"),
            format!(
                "Write more than PollInterval ({poll}), because freshness is proven no more often."
            ),
        )
    });
    let absolute = config.default_absolute_expiration;
    let why = "a value is gone when its absolute expiration is over";
    if let Some(sliding) = config.default_sliding_expiration {
        let limit = ("DefaultAbsoluteExpiration", absolute);
        check.at_most(("DefaultSlidingExpiration", sliding), limit, why);
    }
    for Rule {
        pattern, policy, ..
    } in config.policies.rules()
    {
        let mut policies = check.group(POLICIES);
        let mut check = policies.group(pattern.as_str());
        if let Some(sliding) = policy.sliding_expiration {
            let limit = match policy.absolute_expiration {
                Some(absolute) => ("AbsoluteExpiration", absolute),
                None => ("DefaultAbsoluteExpiration", absolute),
            };
            check.at_most(("SlidingExpiration", sliding), limit, why);
        }
        let (size, limit) = (policy.size.unwrap_or(1), config.memory.size_limit);
        check.that(
            !config.memory.enabled || u64::from(size) <= limit,
            "Size",
            || {
                (
                    format!("is {size}"),
                    format!(
                        "Write at most MemoryCache:SizeLimit ({limit}): L1 has no room for more."
                    ),
                )
            },
        );
    }
    problems
}

/// What the connection string and a setting of its own both say, they have to say alike.
fn written_once(check: &mut Check, redis: &RedisConfig) {
    check.that(
        !redis.enabled || redis.configuration.is_some(),
        "Configuration",
        || {
            (
                "is missing, but Redis is enabled",
                "Write where the server is, such as \"localhost:6379\", or set Enabled to false.",
            )
        },
    );
    let Some(server) = &redis.configuration else {
        return;
    };
    let span = |duration: Option<Duration>| duration.map(|duration| TimeSpan(duration).to_string());
    let number = |number: Option<u32>| number.map(|number| number.to_string());
    for (setting, here, there) in [
        (
            "DefaultDatabase",
            number(redis.default_database),
            number(server.database),
        ),
        (
            "ConnectTimeout",
            span(redis.connect_timeout),
            span(server.connect_timeout),
        ),
        (
            "CommandTimeout",
            span(redis.command_timeout),
            span(server.command_timeout),
        ),
    ] {
        if let (Some(here), Some(there)) = (here, there) {
            check.that(here == there, setting, || {
                (
                    format!("is {here}, but the connection string in Configuration says {there}"),
                    "Remove one of them, or make them agree.",
                )
            });
        }
    }
}
