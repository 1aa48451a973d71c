//! The names of everything that a partition keeps on the server.

use std::io::Write as _;
use std::time::Duration;

use redis::{Cmd, RedisWrite, ToRedisArgs};

use crate::config::Config;
use crate::partitions::{PartitionId, hash_tag};
use crate::tiers::record;

/// The keys of one partition, all with the same hash tag. It says how many partitions there are, if
/// there are several: instances with another number of them are to share nothing with these.
#[derive(Clone, Debug)]
pub(super) struct Keyspace {
    /// What all of them begin with.
    #[cfg(feature = "operate")]
    pub(super) prefix: String,
    record: String,
    hand_over: String,
    instance: String,
    /// Whose heartbeats there are.
    pub(super) instances: String,
    pub(super) meta: String,
    pub(super) log: String,
    /// The Pub/Sub channel; empty when a Stream carries the log.
    pub(super) channel: String,
    pub(super) max_log_length: u64,
}

impl Keyspace {
    pub(super) fn new(config: &Config, partition: PartitionId) -> Self {
        let tag = hash_tag(config.redis.namespace(), partition);
        let channel = if config.use_streams_for_invalidation {
            String::new()
        } else {
            // Channels are not confined to a database, as keys are.
            let database = match config.redis.effective_database() {
                0 => String::new(),
                number => format!("@{number}"),
            };
            format!("{tag}:{}{database}", config.redis.pub_sub_channel)
        };
        Self {
            #[cfg(feature = "operate")]
            prefix: format!("{tag}:"),
            record: format!("{tag}:k:"),
            hand_over: format!("{tag}:h:"),
            instance: format!("{tag}:i:"),
            instances: format!("{tag}:instances"),
            meta: format!("{tag}:meta"),
            log: format!("{tag}:{}", config.stream.stream_name),
            channel,
            max_log_length: config.stream.max_stream_length,
        }
    }

    /// The key of a record.
    pub(super) fn record<'a>(&'a self, key: &'a str) -> Name<'a> {
        Name([self.record.as_bytes(), key.as_bytes()])
    }

    /// The key under which the value of a lease is handed over.
    pub(super) fn hand_over<'a>(&'a self, lease: &'a [u8]) -> Name<'a> {
        Name([self.hand_over.as_bytes(), record::token(lease)])
    }

    /// The key of an instance's heartbeat.
    pub(super) fn instance(&self, origin: u64) -> String {
        format!("{}{origin:016x}", self.instance)
    }

    /// What carries the log, for people. A Stream and a channel may have the same name.
    pub(super) fn carrier(&self) -> String {
        match self.channel.as_str() {
            "" => format!("the Stream {}", self.log),
            channel => format!("the channel {channel}"),
        }
    }
}

/// A key on the server, in the parts that it consists of.
#[derive(Copy, Clone)]
pub(super) struct Name<'a>([&'a [u8]; 2]);

impl Name<'_> {
    pub(super) fn len(&self) -> usize {
        self.0.iter().map(|part| part.len()).sum()
    }

    /// A command about it alone.
    pub(super) fn command(&self, name: &str) -> Cmd {
        let mut command = Cmd::with_capacity(2, name.len() + self.len());
        command.arg(name).arg(self);
        command
    }

    /// `SET <this> <value> <condition…> PX <life>`.
    pub(super) fn set(&self, value: &[u8], condition: &[&[u8]], life: Duration) -> Cmd {
        /// What else is written: both words, and the digits of most lives.
        const ELSE: usize = 16;
        let condition_bytes = condition.iter().map(|word| word.len()).sum::<usize>();
        let bytes = self.len() + value.len() + condition_bytes + ELSE;
        let mut command = Cmd::with_capacity(5 + condition.len(), bytes);
        command.arg("SET").arg(self).arg(value);
        for word in condition {
            command.arg(*word);
        }
        command.arg("PX").arg(record::millis(life));
        command
    }

    /// All of it, for people. The token of a lease that is none of ours may be no text.
    #[cfg(any(feature = "evidence", feature = "operate"))]
    pub(super) fn to_text(self) -> String {
        String::from_utf8_lossy(&self.0.concat()).into_owned()
    }
}

impl ToRedisArgs for Name<'_> {
    fn write_redis_args<W: ?Sized + RedisWrite>(&self, out: &mut W) {
        let mut argument = out.writer_for_next_arg();
        for part in self.0 {
            // Memory takes whatever is written.
            let _ = argument.write_all(part);
        }
    }
}
