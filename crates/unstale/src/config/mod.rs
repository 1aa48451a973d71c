//! The settings of a cache: from JSON files, environment variables, or code.
//!
//! A file looks like this; every setting may be left out. `Unstale` is accepted in the place of
//! `TheTechLoopCache`, and other sections of the file are ignored.
//!
//! ```
//! use std::time::Duration;
//! use unstale::config::Config;
//!
//! let config = Config::from_json_only(r#"{
//!   "TheTechLoopCache": {
//!     "MemoryCache": { "SizeLimit": 500 },
//!     "Redis": { "Configuration": "localhost:6379", "InstanceName": "RealTimeApp:" },
//!     "DefaultAbsoluteExpiration": "00:02:00",
//!     "Policies": {
//!       "stock:price:*": { "AbsoluteExpiration": "00:01:00", "Priority": "Low" }
//!     }
//!   }
//! }"#)?;
//! assert_eq!(config.redis.namespace(), "RealTimeApp");
//! assert_eq!(config.default_absolute_expiration, Duration::from_secs(120));
//! # Ok::<(), unstale::error::Error>(())
//! ```
//!
//! **Environment variables** override files: `TheTechLoopCache__Redis__Configuration` or
//! `Unstale__Redis__Configuration`, with two underscores between the names, in any case.
//!
//! **Mistakes** are errors: an unknown name, a value of another type, a value that cannot work.
//! The error tells all of them at once, each with its full path, where it was written, and what to
//! write instead.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::core::Limits;
use crate::error::{ConfigError, Error};
use crate::policy::PolicyTable;

mod breaker;
mod connection;
mod environment;
mod heartbeat;
mod inspect;
mod json;
mod load;
mod memory;
mod nearest;
mod read;
mod redis;
pub(crate) mod repeat;
mod secret;
mod section;
mod setting;
mod stream;
mod timespan;
mod tree;
mod validate;

pub use breaker::BreakerConfig;
pub use connection::{Connection, Endpoint};
pub use heartbeat::HeartbeatConfig;
pub use inspect::InspectConfig;
pub use memory::MemoryConfig;
pub use redis::RedisConfig;
pub use secret::Secret;
pub use stream::StreamConfig;
pub use timespan::TimeSpan;

/// All settings of a cache. The default keeps values in this process only.
///
/// ```
/// use unstale::config::Config;
///
/// let mut config = Config::default();
/// config.memory.size_limit = 500;
/// config.redis.connect_to("localhost:6379".parse()?);
/// config.validate()?;
/// # Ok::<(), unstale::error::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Config {
    /// `MemoryCache`: L1, in this process.
    pub memory: MemoryConfig,
    /// `Redis`: L2, shared by all instances.
    pub redis: RedisConfig,
    /// `StreamConfiguration`: the log of invalidations.
    pub stream: StreamConfig,
    /// `Breaker`: when to leave a failing server alone.
    pub breaker: BreakerConfig,
    /// `Heartbeat`: what this instance tells operators of itself.
    pub heartbeat: HeartbeatConfig,
    /// `Inspect`: how many hits are compared with the source.
    pub inspect: InspectConfig,
    /// `Policies`: what applies to the keys of a pattern instead of the defaults.
    pub policies: PolicyTable,
    /// `DefaultAbsoluteExpiration`: how long a value lives after it was loaded. 2 minutes.
    pub default_absolute_expiration: Duration,
    /// `DefaultSlidingExpiration`: how long a value lives after it was last read. None.
    pub default_sliding_expiration: Option<Duration>,
    /// `EnableCompression`: whether larger values are compressed in L2. No.
    pub enable_compression: bool,
    /// `CompressionThreshold`: from how many encoded bytes a value is compressed. 1024.
    pub compression_threshold: usize,
    /// `MaxValueSize`: of how many encoded bytes a value may be to be cached; a larger one is handed
    /// to its caller and counted. 8 MiB.
    pub max_value_size: usize,
    /// `Serialization`: how values are encoded in L2. MessagePack.
    pub serialization: Encoding,
    /// `UseStreamsForInvalidation`: a Stream (yes) or Pub/Sub (no) carries the log. Yes.
    pub use_streams_for_invalidation: bool,
    /// `EnableEffectivenessMetrics`: whether hits and misses are counted by pattern, and
    /// invalidations. Losses are always counted. Yes.
    pub enable_effectiveness_metrics: bool,
    /// `MaxStaleness`: how long L1 may answer without proof that it missed no removal. 2 seconds.
    pub max_staleness: Duration,
    /// `LeaseTtl`: how long one instance has the right to fill a missing key. 10 seconds.
    pub lease_ttl: Duration,
    /// `LeaseWait`: how long a reader waits for what another instance loads, also when the key is
    /// removed meanwhile, before it loads the value itself; zero is not at all. 250 milliseconds.
    pub lease_wait: Duration,
    /// `LoadTimeout`: how long a load may take before other readers stop waiting for it.
    /// 10 seconds.
    pub load_timeout: Duration,
    /// `MaxPending`: how many unsent removals are kept, for each partition, before they collapse into
    /// one ban on everything. While the server answers, more may wait for as long as a caller waits for
    /// an answer. 10,000.
    pub max_pending: usize,
    /// `MaxBans`: how many bans are kept, for each partition, before they collapse into a broader
    /// one. 10,000.
    pub max_bans: usize,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            memory: MemoryConfig::default(),
            redis: RedisConfig::default(),
            stream: StreamConfig::default(),
            breaker: BreakerConfig::default(),
            heartbeat: HeartbeatConfig::default(),
            inspect: InspectConfig::default(),
            policies: PolicyTable::default(),
            default_absolute_expiration: Duration::from_secs(120),
            default_sliding_expiration: None,
            enable_compression: false,
            compression_threshold: 1_024,
            max_value_size: 8 * 1_024 * 1_024,
            serialization: Encoding::MessagePack,
            use_streams_for_invalidation: true,
            enable_effectiveness_metrics: true,
            max_staleness: Duration::from_secs(2),
            lease_ttl: Duration::from_secs(10),
            lease_wait: Duration::from_millis(250),
            load_timeout: Duration::from_secs(10),
            max_pending: 10_000,
            max_bans: 10_000,
        }
    }
}

impl Config {
    /// What the protocol's decisions depend on.
    pub(crate) fn limits(&self) -> Limits {
        Limits {
            max_staleness: self.max_staleness,
            load_timeout: self.load_timeout,
            lease_ttl: self.lease_ttl,
            max_bans: self.max_bans,
        }
    }

    /// The longest life that these settings give to a value.
    pub(crate) fn longest_ttl(&self) -> Duration {
        let policies = self.policies.rules().iter();
        let longest = policies
            .filter_map(|rule| rule.policy.absolute_expiration)
            .max();
        longest
            .unwrap_or_default()
            .max(self.default_absolute_expiration)
    }

    /// Whether these settings can work, for a configuration made in code. Those that were read
    /// from JSON have been checked. The paths in the error are those of the JSON settings.
    pub fn validate(&self) -> Result<(), Error> {
        let section = load::SECTIONS[1];
        let mut problems = validate::alone(self, section);
        problems.extend(validate::together(self, section));
        Ok(ConfigError::check(problems)?)
    }
}

/// How values are encoded in L2.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Encoding {
    /// Compact and self-describing.
    #[default]
    MessagePack,
    /// Readable in `redis-cli`.
    Json,
}
