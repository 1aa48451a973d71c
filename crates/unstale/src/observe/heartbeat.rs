//! What an instance tells operators of itself.

use serde::{Deserialize, Serialize};

/// What an instance says of itself, every few seconds, in a record that expires.
///
/// Instances of other versions may know more or less: what is missing reads as nothing.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Heartbeat {
    /// `ConsumerName`.
    pub name: String,
    /// `ConsumerGroup`.
    pub group: String,
    /// The machine it runs on.
    pub host: String,
    /// Its process there.
    pub pid: u32,
    /// The library's version.
    pub version: String,
    /// When it started, in milliseconds since 1970 of its wall clock.
    pub started: u64,
    /// How many milliseconds lie between two heartbeats.
    pub interval: u64,
    /// What carries the log that it follows: `the Stream …` or `the channel …`.
    pub log: String,
    /// `MaxStreamLength`.
    pub max_stream_length: u64,
    /// False when it has not proven itself for `AckTimeout`.
    pub healthy: bool,
    /// Whether its L1 is in use.
    pub proven: bool,
    /// How many milliseconds old its newest proof is, if it has one in this epoch.
    pub proof_age: Option<u64>,
    /// Up to where it has applied the log, as `epoch-seq`, or as a [`Token`](crate::Token) is
    /// written where there are several partitions.
    pub position: Option<String>,
    /// How many entries it knows of and has not applied, in all partitions but the first.
    pub lag_elsewhere: u64,
    /// `closed`, `open` or `half-open`.
    pub breaker: String,
    /// Removals that are not acknowledged yet.
    pub pending: u64,
    /// Copies in L1.
    pub l1_entries: u64,
    /// Bans that it remembers.
    pub bans: u64,
    /// Losses in the log that it has detected since it started.
    pub gaps: u64,
    /// Times it dropped L1 as a whole since it started.
    pub resyncs: u64,
    /// Reads per second since the last heartbeat.
    pub reads_per_second: f64,
    /// Keys, patterns and tags that it removed, per second.
    pub removals_per_second: f64,
    /// Removals of others that it applied, per second.
    pub received_per_second: f64,
    /// The busiest key patterns, at most 20.
    pub patterns: Vec<PatternPulse>,
    /// How many others there are.
    pub patterns_left_off: usize,
}

/// The figures of one key pattern within a [`Heartbeat`].
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct PatternPulse {
    /// The pattern.
    pub pattern: String,
    /// Reads per second since the last heartbeat.
    pub reads_per_second: f64,
    /// Reads since the start that L1 answered.
    pub l1_hits: u64,
    /// Reads since the start that L2 answered.
    pub l2_hits: u64,
    /// Reads since the start that neither answered.
    pub misses: u64,
}

impl PatternPulse {
    /// All reads since the start.
    pub fn requests(&self) -> u64 {
        self.l1_hits + self.l2_hits + self.misses
    }

    /// Hits among all reads since the start, between 0 and 1; `None` when there was none.
    pub fn hit_rate(&self) -> Option<f64> {
        let hits = (self.l1_hits + self.l2_hits) as f64;
        (self.requests() > 0).then(|| hits / self.requests() as f64)
    }
}
