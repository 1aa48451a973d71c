//! The answers to an operator's questions.

use std::time::Duration;

use serde::Serialize;

use crate::observe::Heartbeat;
use crate::policy::Priority;

/// What a server says of itself.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct ServerReport {
    /// Where it is.
    pub endpoint: String,
    /// `redis` or `valkey`.
    pub program: String,
    /// Its version.
    pub version: String,
    /// `standalone`, `cluster` or `sentinel`.
    pub mode: String,
    /// Whom it takes us for, if it says so.
    pub user: Option<String>,
    /// How long it has been running.
    pub uptime: Duration,
    /// How long a small command took.
    pub round_trip: Duration,
    /// By how many milliseconds its clock is ahead of this machine's; negative when it is behind.
    pub clock_ahead_by: i64,
    /// Bytes in use.
    pub used_memory: u64,
    /// Bytes it may use; 0 is as many as there are.
    pub max_memory: u64,
    /// Bytes the machine has.
    pub system_memory: u64,
    /// `maxmemory-policy`.
    pub eviction: String,
    /// Keys evicted since it started.
    pub evicted_keys: u64,
    /// Whether it takes writes.
    pub is_primary: bool,
    /// Whether a replica is connected to its primary.
    pub primary_link_is_up: bool,
    /// The replicas connected to it.
    pub replicas: Vec<ReplicaReport>,
    /// Whether it appends what it does to a file.
    pub append_only_file: bool,
    /// Whether it saves snapshots, if it says so.
    pub snapshots: Option<bool>,
    /// Whether its last attempt to save failed.
    pub saving_fails: bool,
    /// Connections.
    pub clients: u64,
    /// The most connections it takes.
    pub max_clients: u64,
}

/// A replica, as its primary sees it.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct ReplicaReport {
    /// Where it is.
    pub endpoint: String,
    /// Whether it follows.
    pub is_online: bool,
    /// How long ago the primary last heard of it.
    pub silent_for: Duration,
}

/// A command that instances need, and whether this login may use it.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Right {
    /// The command, by its name in an ACL.
    pub command: &'static str,
    /// What for.
    pub needed: &'static str,
    /// False where a cache works without it.
    pub is_essential: bool,
    /// What else can be done; empty where nothing else helps.
    pub otherwise: &'static str,
    /// Whether it may be used.
    pub verdict: Verdict,
}

/// Whether a command may be used.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Serialize)]
pub enum Verdict {
    /// It may.
    Allowed,
    /// This login may not.
    Denied,
    /// The server does not know it.
    Unknown,
}

/// How a namespace stands.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct NamespaceReport {
    /// The newest position, as `epoch-seq`, or as a [`Token`](crate::Token) is written where there
    /// are several partitions.
    pub position: String,
    /// How many entries the log has had in this epoch; the logs, of several partitions.
    pub tail: u64,
    /// For how long bans are kept at least.
    pub longest_ttl: Duration,
    /// Bans that are remembered.
    pub bans: u64,
    /// What carries the log, of the first partition: `the Stream …` or `the channel …`.
    pub carrier: String,
    /// The Stream, where one carries the log and is there. Of several partitions: all that are, as
    /// one.
    pub log: Option<LogReport>,
    /// How each partition stands, where there are several.
    pub partitions: Vec<NamespaceReport>,
}

/// The Stream that carries the log.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct LogReport {
    /// How many entries it has.
    pub entries: u64,
    /// The position of the last one that was ever added.
    pub last: String,
    /// The time between its oldest and its newest entry, by the wall clocks of those who sent
    /// them; of several partitions, the shortest.
    pub span: Option<Duration>,
}

/// An instance, as it told of itself.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct InstanceReport {
    /// The random id by which the log knows it.
    pub id: String,
    /// How long ago it last told of itself, by the server's clock.
    pub silent_for: Duration,
    /// How many entries of the log it had not applied then; `None` when it was not in the
    /// namespace's epoch.
    pub lag: Option<u64>,
    /// What it said.
    pub said: Heartbeat,
}

impl InstanceReport {
    /// A report in the place of a server's, for those who test how it is shown.
    pub fn new(id: &str, silent_for: Duration, lag: Option<u64>, said: Heartbeat) -> Self {
        Self {
            id: id.to_owned(),
            silent_for,
            lag,
            said,
        }
    }

    /// Whether three heartbeats in a row are missing: it has vanished, or cannot reach the server.
    pub fn is_silent(&self) -> bool {
        self.silent_for > Duration::from_millis(self.said.interval) * 3 + Duration::from_millis(500)
    }
}

/// The instances of a namespace that have another number of partitions, and share nothing with those
/// that were asked about.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct GenerationReport {
    /// How many partitions they have.
    pub partitions: u32,
    /// The instances.
    pub instances: Vec<InstanceReport>,
}

/// What L2 holds under a key.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Inspection {
    /// The key.
    pub key: String,
    /// Its name on the server.
    pub stored_as: String,
    /// What is there.
    pub held: Held,
    /// How many bytes, header included.
    pub bytes: u64,
    /// When the server drops it, if it ever does.
    pub expires_in: Option<Duration>,
    /// How long ago it was stored, if that can be told.
    pub age: Option<Duration>,
    /// The position before which it was loaded.
    pub stamp: Option<String>,
    /// Whether the stamp is of the namespace's epoch; otherwise it is a miss.
    pub is_of_this_epoch: bool,
    /// The bans that cover it.
    pub bans: Vec<MatchingBan>,
}

impl Inspection {
    /// Whether an instance that has applied everything would answer with it.
    pub fn is_served(&self) -> bool {
        matches!(self.held, Held::Value { .. })
            && self.is_of_this_epoch
            && !self.bans.iter().any(|ban| ban.forbids)
    }
}

/// What is stored under a key.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
#[non_exhaustive]
pub enum Held {
    /// Nothing.
    Nothing,
    /// The right to fill it, which somebody has taken.
    Lease {
        /// Whose.
        token: String,
    },
    /// A value.
    Value {
        /// Of the lease that it was filled on, or of the `set`.
        token: String,
        /// How long it lives after it was stored.
        ttl: Duration,
        /// How long it lives after it was read.
        sliding: Option<Duration>,
        /// What it counts for in L1.
        size: u32,
        /// How long L1 keeps it when it is short of room.
        priority: Priority,
        /// Its tags.
        tags: Vec<String>,
        /// How it is encoded.
        flags: u64,
        /// How many bytes it is encoded in.
        payload: u64,
    },
    /// Something else: a miss.
    Foreign {
        /// What.
        what: String,
    },
}

/// A ban that covers a key.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct MatchingBan {
    /// Its pattern, or `tag …`.
    pub scope: String,
    /// Where it stands in the log.
    pub position: String,
    /// Whether the record is older than it.
    pub forbids: bool,
}

/// An entry of the log.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct LogEntry {
    /// Where it stands, as `epoch-seq`, or as a [`Token`](crate::Token) is written where there are
    /// several partitions.
    pub position: String,
    /// How many entries are missing before it: trimmed, or lost.
    pub missing: u64,
    /// Whether it is the first that was seen of its epoch.
    pub new_epoch: bool,
    /// False when this version does not understand it.
    pub readable: bool,
    /// The id of the instance that sent it; none for what the server noted itself.
    pub origin: Option<String>,
    /// When it was sent, in microseconds since 1970 of the sender's wall clock.
    pub sent_at: Option<u64>,
    /// The keys that were removed or set.
    pub keys: Vec<String>,
    /// The patterns that were removed.
    pub patterns: Vec<String>,
    /// The tags that were removed.
    pub tags: Vec<String>,
    /// For how long bans are kept from here on, where that changed.
    pub longest_ttl: Option<Duration>,
}
