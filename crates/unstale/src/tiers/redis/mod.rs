//! L2 and the log on Redis or Valkey. The only place that speaks to the Redis client.

mod call;
mod certified;
mod connection;
mod entries;
mod feed;
mod fill;
mod heartbeat;
mod keyspace;
#[cfg(feature = "operate")]
pub(crate) mod outside;
mod refusal;
mod reply;
mod route;
mod scripts;
#[cfg(feature = "evidence")]
mod stepwise;

use std::sync::Arc;
use std::time::Duration;

use ::redis::{FromRedisValue, Pipeline, RedisResult, Script, Value as Reply};
use bytes::Bytes;

use self::call::{Call, Text};
use self::connection::Target;
pub(crate) use self::feed::RedisFeed;
use self::keyspace::{Keyspace, Name};
use self::route::RedisRoute;
#[cfg(feature = "evidence")]
pub use self::stepwise::RedisSteps;
use super::Unavailable;
use super::record;
use super::shared::{Awaited, Claim, Guarded, Leftover, Looked, StoreEntry, life_of_hand_over};
use super::wire;
use crate::config::Config;
use crate::core::{Appended, Message, Witness};
use crate::error::Error;
use crate::local::Local;
use crate::protect::{Line, Link, Supervised};

/// The digits of most lives, in milliseconds.
const LIFE: usize = 8;

type RedisLine = Arc<Line<RedisRoute>>;

/// L2 and the log of one partition.
pub(crate) struct Redis {
    keyspace: Keyspace,
    route: Arc<RedisRoute>,
    link: Link<RedisRoute>,
    local: Arc<Local>,
    lease_ttl: Duration,
    hand_over_life: Duration,
    max_bans: usize,
    poll_interval: Duration,
    connect_timeout: Duration,
    /// How long a heartbeat may take.
    patience: Duration,
}

impl Redis {
    /// Prepares everything; nothing is connected yet.
    pub(crate) fn new(config: &Config, local: Arc<Local>) -> Result<Self, Error> {
        let keyspace = Keyspace::new(config, local.id);
        let target = Target::new(config)?;
        let route = Arc::new(RedisRoute::new(target, keyspace.clone(), local.clone()));
        let link = Link::new(config, route.clone());
        Ok(Self {
            keyspace,
            route,
            link,
            local,
            lease_ttl: config.lease_ttl,
            hand_over_life: life_of_hand_over(config),
            max_bans: config.max_bans,
            poll_interval: config.stream.poll_interval,
            connect_timeout: config.redis.effective_connect_timeout(),
            patience: config.redis.effective_command_timeout(),
        })
    }

    /// What carries the log, for people.
    pub(crate) fn carrier(&self) -> String {
        self.keyspace.carrier()
    }

    pub(crate) async fn look(&self, key: &str) -> Result<Option<Looked>, Unavailable> {
        let record = self.keyspace.record(key);
        let mut both = Pipeline::with_capacity(2);
        both.add_command(record.command("PTTL"));
        both.add_command(record.command("GET"));
        let (ttl, bytes): (i64, Option<Vec<u8>>) = self.query_all(both).await?;
        Ok(bytes.map(|bytes| looked(ttl, bytes)))
    }

    pub(crate) async fn look_many(
        &self,
        keys: &[Arc<str>],
    ) -> Result<Vec<Option<Looked>>, Unavailable> {
        let mut all = ::redis::pipe();
        let records: Vec<_> = keys.iter().map(|key| self.keyspace.record(key)).collect();
        for record in &records {
            all.add_command(record.command("PTTL"));
        }
        all.cmd("MGET").arg(&records);
        let mut replies: Vec<Reply> = self.query_all(all).await?;
        let values = replies.pop().unwrap_or(Reply::Nil);
        let values =
            Vec::<Option<Vec<u8>>>::from_redis_value(values).map_err(::redis::RedisError::from)?;
        let lives = replies
            .iter()
            .map(|life| i64::from_redis_value_ref(life).unwrap_or(0));
        Ok(lives
            .zip(values)
            .map(|(ttl, bytes)| bytes.map(|bytes| looked(ttl, bytes)))
            .collect())
    }

    pub(crate) async fn look_guarded(&self, key: &str) -> Result<Guarded, Unavailable> {
        let ours = self.local.witness();
        let mut call = Call::new(&scripts::GUARDED, 3);
        call.arg(&self.keyspace.meta)
            .arg(&self.keyspace.log)
            .arg(self.keyspace.record(key));
        scripts::tell(&mut call, &ours);
        let (ttl, bytes, meta): (i64, Option<Vec<u8>>, Reply) = self.invoke(&call).await?;
        Ok(Guarded {
            looked: bytes.map(|bytes| looked(ttl, bytes)),
            snapshot: reply::snapshot(&meta)?.map(|snapshot| snapshot.answering(&ours)),
        })
    }

    /// The span is asked for before the record: should another record take its place in between,
    /// the shorter of both lives counts, because the record's own is written in its header.
    pub(crate) async fn claim(&self, key: &str, lease: &Bytes) -> Result<Claim, Unavailable> {
        let record = self.keyspace.record(key);
        let mut both = Pipeline::with_capacity(2);
        both.add_command(record.command("PTTL"));
        both.add_command(record.set(lease, &[b"NX", b"GET"], self.lease_ttl));
        let (ttl, bytes): (i64, Option<Vec<u8>>) = match self.query_all(both).await {
            // A list, say: of no use, and to be taken over like any other foreign record.
            Err(Unavailable::NoRecord) => return Ok(Claim::Occupied(looked(0, Vec::new()))),
            answer => answer?,
        };
        Ok(bytes.map_or(Claim::Granted, |bytes| Claim::Occupied(looked(ttl, bytes))))
    }

    pub(crate) async fn take_over(
        &self,
        key: &str,
        seen: &[u8],
        lease: &Bytes,
    ) -> Result<bool, Unavailable> {
        let mut call = Call::new(&scripts::TAKE_OVER, 1);
        call.arg(self.keyspace.record(key))
            .arg(seen)
            .arg(&lease[..])
            .arg(record::millis(self.lease_ttl));
        self.invoke(&call).await
    }

    /// That somebody waits is known before the record is looked at: if that is still the lease, it
    /// will be known to whoever fills or releases it.
    pub(crate) async fn await_fill(&self, key: &str, lease: &[u8]) -> Result<Awaited, Unavailable> {
        let record = self.keyspace.record(key);
        let mut all = Pipeline::with_capacity(3);
        let hand_over = self.keyspace.hand_over(lease);
        all.add_command(hand_over.set(b"", &[b"NX", b"GET"], self.hand_over_life));
        all.add_command(record.command("PTTL"));
        all.add_command(record.command("GET"));
        let (handed, ttl, bytes): (Option<Vec<u8>>, i64, Option<Vec<u8>>) =
            self.query_all(all).await?;
        Ok(Awaited {
            handed: handed.map(Bytes::from),
            looked: bytes.map(|bytes| looked(ttl, bytes)),
        })
    }

    pub(crate) async fn hand_over(
        &self,
        lease: &[u8],
        value: &record::Value,
        rest: &[u8],
    ) -> Result<(), Unavailable> {
        let hand_over = self.keyspace.hand_over(lease);
        let life = self.hand_over_life;
        let mut alone = Pipeline::with_capacity(1);
        alone.add_command(hand_over.set(&record::value(value.stamp, 0, rest), &[b"XX"], life));
        self.query_all::<Reply>(alone).await.map(drop)
    }

    pub(crate) async fn release(&self, key: &str, lease: &Bytes) -> Result<(), Unavailable> {
        let mut call = Call::new(&scripts::RELEASE, 2);
        call.arg(self.keyspace.record(key))
            .arg(self.keyspace.hand_over(lease))
            .arg(&lease[..]);
        self.invoke::<i64>(&call).await.map(drop)
    }

    pub(crate) async fn touch(&self, key: &str, seen: &[u8]) -> Result<Leftover, Unavailable> {
        let mut call = Call::new(&scripts::TOUCH, 1);
        call.arg(self.keyspace.record(key)).arg(seen);
        let (sliding, absolute): (u64, u64) = self.invoke(&call).await?;
        Ok(Leftover {
            sliding: Duration::from_millis(sliding),
            absolute: Duration::from_millis(absolute),
        })
    }

    pub(crate) async fn invalidate(&self, message: &Message) -> Result<Appended, Unavailable> {
        let payload = &wire::write(message);
        self.link
            .run(|line| self.send_invalidation(line, message, payload))
            .await
    }

    pub(crate) async fn store(
        &self,
        message: &Message,
        entries: &[StoreEntry],
    ) -> Result<Appended, Unavailable> {
        let payload = &wire::write(message);
        self.link
            .run(|line| self.send_values(line, message, entries, payload))
            .await
    }

    /// Fences the line again.
    pub(crate) async fn fence(&self) -> Result<(), Unavailable> {
        self.link
            .run(|line| async move { line.fence_again().await })
            .await
    }

    pub(crate) async fn listen(&self) -> Result<RedisFeed, Unavailable> {
        RedisFeed::connect(&self.route, self.poll_interval, self.connect_timeout).await
    }

    async fn send_invalidation(
        &self,
        line: RedisLine,
        message: &Message,
        payload: &[u8],
    ) -> RedisResult<Appended> {
        let records = message.keys().map(|key| self.keyspace.record(key));
        let (mut call, ours) = self.append(&scripts::INVALIDATE, records, message.id, payload);
        let mut bans = message.bans().peekable();
        if bans.peek().is_some() {
            let beyond_ttl = self
                .local
                .with(|partition, _| partition.ban_retention_beyond_ttl());
            call.arg(record::millis(beyond_ttl)).arg(self.max_bans);
            for scope in bans {
                call.arg(Text(scope));
            }
        }
        let answer: String = call.send(line.connection.commands()).await?;
        reply::appended(&answer, message.id, &ours)
    }

    async fn send_values(
        &self,
        line: RedisLine,
        message: &Message,
        entries: &[StoreEntry],
        payload: &[u8],
    ) -> RedisResult<Appended> {
        let records = entries.iter();
        let records = records.map(|entry| self.keyspace.record(&entry.key));
        let (mut call, ours) = self.append(&scripts::STORE, records, message.id, payload);
        let values = entries.iter().map(|entry| entry.rest.len());
        call.reserve(values.flat_map(|value| [LIFE, LIFE, value]));
        for entry in entries {
            let (life, absolute) = lives(&entry.traits);
            call.arg(life).arg(absolute).arg(&entry.rest[..]);
        }
        let answer: String = call.send(line.connection.commands()).await?;
        reply::appended(&answer, message.id, &ours)
    }

    /// A call of a script with the keys and arguments that `log.lua` expects; what it is told that this
    /// instance knows.
    fn append<'a>(
        &self,
        script: &'static Script,
        records: impl Iterator<Item = Name<'a>> + Clone,
        id: u64,
        payload: &[u8],
    ) -> (Call, Witness) {
        let ours = self.local.witness();
        let Keyspace {
            meta, log, channel, ..
        } = &self.keyspace;
        let texts = [meta.len(), log.len(), channel.len(), payload.len()];
        let lengths = records.clone().map(|record| record.len());
        let bytes = lengths.chain(texts).sum();
        let mut call = Call::with_room(script, 2 + records.clone().count(), bytes);
        call.arg(meta).arg(log);
        for record in records {
            call.arg(record);
        }
        scripts::tell(&mut call, &ours);
        call.arg(channel)
            .arg(self.keyspace.max_log_length)
            .arg(&*wire::number(id))
            .arg(payload);
        (call, ours)
    }

    async fn query_all<T: FromRedisValue + Send>(
        &self,
        pipeline: Pipeline,
    ) -> Result<T, Unavailable> {
        let pipeline = &pipeline;
        self.link
            .run(|line| async move { pipeline.query_async(&mut line.connection.commands()).await })
            .await
    }

    async fn invoke<T: FromRedisValue + Send>(&self, call: &Call) -> Result<T, Unavailable> {
        self.link
            .run(|line| async move { call.send(line.connection.commands()).await })
            .await
    }
}

impl Supervised for Redis {
    type Route = RedisRoute;

    fn link(&self) -> &Link<RedisRoute> {
        &self.link
    }

    async fn invalidate_on(
        &self,
        line: &RedisLine,
        message: &Message,
    ) -> Result<Appended, Unavailable> {
        let payload = &wire::write(message);
        self.link
            .run_on(line, |line| self.send_invalidation(line, message, payload))
            .await
    }
}

fn looked(ttl: i64, bytes: Vec<u8>) -> Looked {
    let remaining = Duration::from_millis(u64::try_from(ttl).unwrap_or(0));
    Looked {
        bytes: bytes.into(),
        remaining,
    }
}

/// The life of a record, and its absolute life if it slides, in milliseconds.
fn lives(traits: &record::Traits) -> (u64, u64) {
    match traits.sliding {
        Some(sliding) => (
            record::millis(sliding.min(traits.ttl)),
            record::millis(traits.ttl),
        ),
        None => (record::millis(traits.ttl), 0),
    }
}
