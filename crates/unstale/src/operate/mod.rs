//! The operator's door: looks into a namespace from outside, without being one of its instances.
//!
//! Looking changes nothing on the server, and no connection is fenced, so it never begins an
//! epoch. Removals go through a [`Cache`] like any other, made by [`remover`].

mod report;
mod tail;
mod trouble;
mod whole;

use std::time::Duration;

use futures_util::future::{try_join, try_join_all};

use crate::cache::Cache;
use crate::config::{Config, HeartbeatConfig};
use crate::error::{Error, KeyError};
use crate::partitions::{PartitionId, hash_tag};
use crate::policy::PolicyTable;
use crate::tiers::outside::{self, Outside};

pub use report::{
    GenerationReport, Held, Inspection, InstanceReport, LogEntry, LogReport, MatchingBan,
    NamespaceReport, ReplicaReport, Right, ServerReport, Verdict,
};
pub use tail::Tail;
pub use trouble::Trouble;

/// Looks into a namespace.
///
/// ```no_run
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), unstale::operate::Trouble> {
/// use unstale::Config;
/// use unstale::operate::Operator;
///
/// let operator = Operator::connect(&Config::from_file("appsettings.json")?).await?;
/// for instance in operator.instances().await? {
///     println!("{}: {:?} behind", instance.said.name, instance.lag);
/// }
/// # Ok(()) }
/// ```
pub struct Operator {
    first: Outside,
    others: Vec<Outside>,
    config: Config,
}

impl Operator {
    /// Connects to the server that these settings name, once for each partition.
    ///
    /// # Errors
    /// When the settings cannot work, or the server cannot be reached or refuses the login.
    pub async fn connect(config: &Config) -> Result<Self, Trouble> {
        config.validate()?;
        if !config.redis.enabled {
            return Err(Trouble::NoServer);
        }
        let of = config.redis.effective_partitions();
        let others = PartitionId::all(of).skip(1);
        let others = others.map(|id| Outside::connect(config, id));
        let first = Outside::connect(config, PartitionId::first(of));
        let (first, others) = try_join(first, try_join_all(others)).await?;
        Ok(Self {
            first,
            others,
            config: config.clone(),
        })
    }

    /// Which of the servers this is, without credentials.
    pub fn endpoint(&self) -> &str {
        self.first.endpoint()
    }

    /// What the server says of itself.
    ///
    /// # Errors
    /// When it does not answer, or does not allow it.
    pub async fn server(&self) -> Result<ServerReport, Trouble> {
        self.first.server().await
    }

    /// Which of the commands that instances need this login may use; in every partition.
    ///
    /// # Errors
    /// When the server does not answer.
    pub async fn rights(&self) -> Result<Vec<Right>, Trouble> {
        let asking = self.partitions().map(|each| each.rights(&self.config));
        let rights = try_join_all(asking).await?;
        let rights = rights.into_iter().reduce(|mut known, other| {
            for (right, other) in known.iter_mut().zip(other) {
                if right.verdict == Verdict::Allowed {
                    *right = other;
                }
            }
            known
        });
        Ok(rights.unwrap_or_default())
    }

    /// How the namespace stands; `None` when no instance has used it since it was last flushed.
    ///
    /// # Errors
    /// When the server does not answer, or does not allow it.
    pub async fn namespace(&self) -> Result<Option<NamespaceReport>, Trouble> {
        let asking = self.partitions().map(Outside::namespace);
        let reports = try_join_all(asking).await?;
        Ok(NamespaceReport::of_all(
            reports.into_iter().flatten().collect(),
        ))
    }

    /// The instances that have told of themselves, by name. Those that fell silent are listed for
    /// a minute or so.
    ///
    /// # Errors
    /// When the server does not answer, or does not allow it.
    pub async fn instances(&self) -> Result<Vec<InstanceReport>, Trouble> {
        self.first.instances().await
    }

    /// The instances that have told of themselves in this namespace and have another number of
    /// [`partitions`](crate::config::RedisConfig::partitions): they share nothing with the ones that
    /// this operator looks at.
    ///
    /// # Errors
    /// When the server does not answer, or does not allow it.
    pub async fn generations(&self) -> Result<Vec<GenerationReport>, Trouble> {
        self.first.generations(&self.config).await
    }

    /// What L2 holds under a key.
    ///
    /// # Errors
    /// When the key cannot be used, or the server does not answer or does not allow it.
    pub async fn inspect(&self, key: &str) -> Result<Inspection, Trouble> {
        KeyError::check(key).map_err(Error::from)?;
        let holds = |each: &&Outside| each.id().holds(key);
        let outside = self.partitions().find(holds).unwrap_or(&self.first);
        outside.inspect(key).await
    }

    /// The log as it happens: from its end, or from the oldest entry that a Stream still has. The
    /// entries of several partitions come in the order in which they arrive. `None` when the
    /// namespace is empty.
    ///
    /// # Errors
    /// When the server does not answer, or does not allow it.
    pub async fn tail(&self, from_oldest: bool) -> Result<Option<Tail>, Trouble> {
        let opening = self.partitions().map(|each| each.watch(from_oldest));
        let watches: Option<Vec<_>> = try_join_all(opening).await?.into_iter().collect();
        Ok(watches.map(Tail::of))
    }

    /// Deletes every key of the namespace, records and log alike: for a namespace of one's own,
    /// such as a benchmark's. Instances that still use it begin a new epoch. To invalidate
    /// everything, use [`Cache::clear`].
    ///
    /// # Errors
    /// When the server does not answer, or does not allow it.
    pub async fn erase(&self) -> Result<u64, Trouble> {
        let erased = try_join_all(self.partitions().map(Outside::erase)).await?;
        Ok(erased.into_iter().sum())
    }

    fn partitions(&self) -> impl Iterator<Item = &Outside> {
        std::iter::once(&self.first).chain(&self.others)
    }
}

/// The rules of an ACL user for instances with these settings: every command that they send, every
/// key and channel that they use, and nothing else. They follow `ACL SETUSER name on >password`.
///
/// ```
/// use unstale::Config;
/// use unstale::operate::acl_rules;
///
/// let mut config = Config::default();
/// config.redis.instance_name = "RealTimeApp:".to_owned();
/// let rules = acl_rules(&config);
/// assert_eq!(rules[3], "~{RealTimeApp:0}:*");
/// assert!(rules.contains(&"+xadd".to_owned()));
/// ```
///
/// From Redis 7.2 on, and on Valkey, the client also tells its name and version
/// (`+client|setinfo`); where it may not, it goes on without. [`Operator`] asks for more than
/// instances do.
pub fn acl_rules(config: &Config) -> Vec<String> {
    outside::rules(config)
}

/// What the names of all keys of a partition begin with on the server, for each partition: a hash tag,
/// by which a cluster chooses their slot.
///
/// ```
/// use unstale::Config;
/// use unstale::operate::hash_tags;
///
/// let mut config = Config::default();
/// config.redis.partitions = Some(3);
/// let tags = hash_tags(&config);
/// assert_eq!(tags, ["{unstale:0/3~20}", "{unstale:1/3~25}", "{unstale:2/3~0}"]);
/// ```
pub fn hash_tags(config: &Config) -> Vec<String> {
    let partitions = PartitionId::all(config.redis.effective_partitions());
    let tags = partitions.map(|id| hash_tag(config.redis.namespace(), id));
    tags.collect()
}

/// The longest that a service may set `LeaseTtl` to.
const LONGEST_LEASE: Duration = Duration::from_secs(3_600);

/// A cache to remove with, for somebody whose settings may not be those of the service: the bans
/// that it records are kept for as long as any setting could need, and it trims nothing off the
/// log, stores nothing and tells of no heartbeat.
///
/// # Errors
/// When the settings cannot work, or the server refuses the login.
pub async fn remover(config: &Config, name: &str) -> Result<Cache, Error> {
    let mut config = config.clone();
    config.memory.enabled = false;
    config.heartbeat = HeartbeatConfig {
        enabled: false,
        ..HeartbeatConfig::default()
    };
    config.policies = PolicyTable::new();
    // The longest TTL only grows, and this cache stores nothing.
    config.default_absolute_expiration = Duration::from_millis(1);
    config.default_sliding_expiration = None;
    config.lease_ttl = LONGEST_LEASE;
    config.stream.max_stream_length = i64::MAX.unsigned_abs();
    Cache::builder()
        .config(config)
        .instance_name(name)
        .build()
        .await
}
