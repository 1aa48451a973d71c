//! A server, asked step by step: what is sent is what a cache sends.

use std::collections::HashMap;
use std::sync::Arc;

use redis::{FromRedisValue, PushInfo, RedisResult, Value};
use tokio::sync::mpsc::Receiver;

use super::connection::Session;
use super::{Redis, RedisLine, entries, looked, reply};
use crate::config::Config;
use crate::core::{Message, Position};
use crate::error::Error;
use crate::evidence::steps::{Answer, Caller, Found, Meta, State, Step, in_order};
use crate::protect::Route;
use crate::tiers::Unavailable;

/// What the scripts keep in `meta` beside the bans.
const FIELDS: [&str; 7] = ["epoch", "nonce", "seq", "last", "owner", "ttl", "time"];

/// A server, asked step by step.
pub struct RedisSteps {
    config: Config,
    line: RedisLine,
    subscription: Option<Subscription>,
}

/// In Pub/Sub mode: where the log is published.
struct Subscription {
    session: Session,
    pushes: Receiver<PushInfo>,
}

impl RedisSteps {
    /// Connects to an empty server, which the caller fences by that.
    ///
    /// # Errors
    ///
    /// When the server is not reached.
    pub async fn start(config: &Config, first: &Caller) -> Result<Self, Error> {
        let redis = Redis::new(config, first.local.clone())?;
        let subscription = Subscription::to(&redis)
            .await
            .map_err(|source| Error::Connection {
                endpoint: "the server".into(),
                source: source.into(),
            })?;
        let (line, _) = redis.link.open().await?;
        Ok(Self {
            config: config.clone(),
            line,
            subscription,
        })
    }

    /// Takes one step for a caller.
    pub async fn take(&self, caller: &Caller, step: &Step) -> Answer {
        self.try_take(caller, step)
            .await
            .unwrap_or_else(Answer::from)
    }

    async fn try_take(&self, caller: &Caller, step: &Step) -> Result<Answer, Unavailable> {
        let redis = Redis::new(&self.config, caller.local.clone())
            .map_err(|error| Unavailable::Server(Arc::new(error)))?;
        redis.link.serve(self.line.clone());
        Ok(match step {
            Step::Fence => Answer::Fenced(redis.route.fence(&self.line.connection).await?),
            Step::Invalidate(message) => {
                let payload = super::wire::write(message);
                let line = self.line.clone();
                Answer::Appended(redis.send_invalidation(line, message, &payload).await?)
            }
            Step::Store(message, values) => {
                let entries: Vec<_> = values.iter().map(|value| value.entry()).collect();
                let payload = super::wire::write(message);
                let line = self.line.clone();
                Answer::Appended(redis.send_values(line, message, &entries, &payload).await?)
            }
            Step::LookGuarded(key) => {
                let guarded = redis.look_guarded(key).await?;
                Answer::guarded(guarded.looked, guarded.snapshot)
            }
            Step::Claim { key, lease } => redis.claim(key, lease).await?.into(),
            Step::TakeOver { key, seen, lease } => {
                Answer::yes_or_no(redis.take_over(key, seen, lease).await?)
            }
            Step::Fill {
                lease,
                stamp,
                value,
            } => {
                let (stamped, rest) = (value.value(*stamp), value.rest());
                redis.fill(&value.key, lease, &stamped, &rest).await?.into()
            }
            Step::AwaitFill { key, lease } => redis.await_fill(key, lease).await?.into(),
            Step::HandOver {
                lease,
                stamp,
                value,
            } => {
                let (stamped, rest) = (value.value(*stamp), value.rest());
                redis.hand_over(lease, &stamped, &rest).await?;
                Answer::Done
            }
            Step::Release { key, lease } => {
                redis.release(key, lease).await?;
                Answer::Done
            }
            Step::Touch { key, seen } => {
                let left = redis.touch(key, seen).await?;
                Answer::Left {
                    sliding: left.sliding,
                    absolute: left.absolute,
                }
            }
        })
    }

    /// What it holds; with Pub/Sub, of the log what was published since the last look.
    ///
    /// # Errors
    ///
    /// When the server does not answer, or answers with something else.
    pub async fn state(&mut self, caller: &Caller, keys: &[Arc<str>]) -> Result<State, Error> {
        self.try_state(caller, keys)
            .await
            .map_err(|source| Error::Connection {
                endpoint: "the server".into(),
                source: source.into(),
            })
    }

    async fn try_state(&mut self, caller: &Caller, keys: &[Arc<str>]) -> RedisResult<State> {
        let redis =
            Redis::new(&self.config, caller.local.clone()).map_err(std::io::Error::other)?;
        let mut all = redis::pipe();
        all.cmd("HGETALL").arg(&redis.keyspace.meta);
        all.cmd("XRANGE").arg(&redis.keyspace.log).arg("-").arg("+");
        // Deletes what has expired.
        all.cmd("SCAN").arg(0).arg("COUNT").arg(1000).ignore();
        for key in keys {
            let record = redis.keyspace.record(key).to_text();
            all.cmd("PTTL").arg(&record).cmd("GET").arg(&record);
        }
        let mut connection = self.line.connection.commands();
        let replies: Vec<Value> = all.query_async(&mut connection).await?;
        let [meta, log, records @ ..] = &replies[..] else {
            return Err(std::io::Error::other("too few answers").into());
        };
        let log = match &mut self.subscription {
            Some(subscription) => subscription.news().await?,
            None => {
                let log = log.as_sequence().unwrap_or_default();
                log.iter()
                    .filter_map(|entry| entries::kept(entry).map(entries::read))
                    .collect()
            }
        };
        let found = |answers: &[Value]| {
            let [ttl, bytes] = answers else {
                return Ok(None);
            };
            let bytes = Option::<Vec<u8>>::from_redis_value_ref(bytes)?;
            let ttl = i64::from_redis_value_ref(ttl)?;
            RedisResult::Ok(bytes.map(|bytes| Found::from(looked(ttl, bytes))))
        };
        let records = keys.iter().zip(records.chunks(2));
        Ok(State {
            meta: read_meta(meta)?,
            log,
            records: records
                .map(|(key, answers)| Ok((key.clone(), found(answers)?)))
                .collect::<RedisResult<_>>()?,
        })
    }
}

impl Subscription {
    async fn to(redis: &Redis) -> RedisResult<Option<Self>> {
        let channel = &redis.keyspace.channel;
        let Some(server) = redis.route.servers().first() else {
            return Ok(None);
        };
        if channel.is_empty() {
            return Ok(None);
        }
        let opened = redis.route.target.listen(server, &redis.keyspace.meta);
        let (session, pushes) = opened.await?;
        session.commands().subscribe(channel).await?;
        Ok(Some(Self { session, pushes }))
    }

    /// What was published before is received before the answer to what is asked now.
    async fn news(&mut self) -> RedisResult<Log> {
        let _: Value = redis::cmd("PING")
            .query_async(&mut self.session.commands())
            .await?;
        let mut news = vec![];
        while let Ok(push) = self.pushes.try_recv() {
            news.extend(
                (push.kind == redis::PushKind::Message)
                    .then(|| entries::published(&push).map(entries::read))
                    .flatten(),
            );
        }
        Ok(news)
    }
}

type Log = Vec<(Position, Option<Message>)>;

fn read_meta(reply: &Value) -> RedisResult<Option<Meta>> {
    let fields: HashMap<String, String> = FromRedisValue::from_redis_value_ref(reply)?;
    let number = |text: &str| text.parse().unwrap_or(u64::MAX);
    let mut meta = Meta {
        snapshot: match reply::snapshot(reply)? {
            Some(snapshot) => in_order(snapshot),
            None => return Ok(None),
        },
        forgotten_at: Default::default(),
        latest_ms: fields.get("time").map_or(0, |text| number(text)),
        others: vec![],
    };
    for (name, text) in &fields {
        match name.strip_prefix("b:") {
            Some(scope) => {
                let at = text.split(' ').nth(1).unwrap_or_default();
                meta.forgotten_at.insert(scope.to_owned(), number(at));
            }
            None if FIELDS.contains(&&**name) => {}
            None => meta.others.push(name.clone()),
        }
    }
    Ok(Some(meta))
}
