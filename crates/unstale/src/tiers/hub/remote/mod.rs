//! A hub that is reached over a network, which the simulation provides: delayed, cut, or gone.
//!
//! What a cache asks for is sent as the Redis end sends it, over the same link with the same
//! breaker and recovery, and executed by the hub when it gets there, whether the cache still
//! waits for the answer or not.

mod conditions;
mod feed;
mod route;
mod way;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

pub(crate) use self::conditions::{Approach, Conditions};
pub(crate) use self::feed::RemoteFeed;
use self::route::{RemoteFailure, RemoteRoute};
pub use self::way::{Back, Later, Purpose, Reply, Request, Said, Serve, Way, What, Wire};
use super::Hub;
use super::steps::Terms;
use crate::config::Config;
use crate::core::{Appended, Message, Position};
use crate::local::Local;
use crate::protect::{Line, Link, Supervised};
use crate::tiers::Unavailable;
use crate::tiers::record::{self, Record, Value};
use crate::tiers::shared::{
    Awaited, Claim, Fill, Guarded, Leftover, Looked, StoreEntry, life_of_hand_over,
};

type RemoteLine = Arc<Line<RemoteRoute>>;

/// One cache's end of a hub that is reached over a network.
pub(crate) struct RemoteHub {
    route: Arc<RemoteRoute>,
    link: Link<RemoteRoute>,
    local: Arc<Local>,
    lease_ttl: Duration,
    hand_over_life: Duration,
    max_log_length: usize,
    max_bans: usize,
    poll_interval: Duration,
    connect_timeout: Duration,
}

impl RemoteHub {
    pub(super) fn new(hub: &Hub, approach: &Approach, config: &Config, local: Arc<Local>) -> Self {
        let route = Arc::new(RemoteRoute::new(hub, approach, local.clone()));
        Self {
            link: Link::new(config, route.clone()),
            route,
            local,
            lease_ttl: config.lease_ttl,
            hand_over_life: life_of_hand_over(config),
            max_log_length: usize::try_from(config.stream.max_stream_length).unwrap_or(usize::MAX),
            max_bans: config.max_bans,
            poll_interval: config.stream.poll_interval,
            connect_timeout: config.redis.effective_connect_timeout(),
        }
    }

    pub(crate) async fn look(&self, key: &str) -> Result<Option<Looked>, Unavailable> {
        let key: Arc<str> = key.into();
        self.ask(What::Look(key.clone()), move |hub| {
            let looked = hub.look(&key);
            let said = looked.as_ref().map_or(Said::Nothing, found);
            (Ok(looked), said)
        })
        .await
    }

    pub(crate) async fn look_many(
        &self,
        keys: &[Arc<str>],
    ) -> Result<Vec<Option<Looked>>, Unavailable> {
        let keys = keys.to_vec();
        self.ask(What::LookMany(keys.clone()), move |hub| {
            (Ok(hub.look_many(&keys)), Said::Done)
        })
        .await
    }

    pub(crate) async fn look_guarded(&self, key: &str) -> Result<Guarded, Unavailable> {
        let (key, ours): (Arc<str>, _) = (key.into(), self.local.witness());
        self.ask(What::LookGuarded(key.clone()), move |hub| {
            let guarded = hub.look_guarded(&key, ours);
            let said = guarded.looked.as_ref().map_or(Said::Nothing, found);
            (Ok(guarded), said)
        })
        .await
    }

    pub(crate) async fn claim(&self, key: &str, lease: &Bytes) -> Result<Claim, Unavailable> {
        let (key, lease, lease_ttl): (Arc<str>, _, _) = (key.into(), lease.clone(), self.lease_ttl);
        self.ask(What::Claim(key.clone()), move |hub| {
            if hub.is_full() {
                return full();
            }
            let claim = hub.claim(&key, &lease, lease_ttl);
            let said = match &claim {
                Claim::Granted => Said::Done,
                Claim::Occupied(looked) => found(looked),
            };
            (Ok(claim), said)
        })
        .await
    }

    pub(crate) async fn take_over(
        &self,
        key: &str,
        seen: &[u8],
        lease: &Bytes,
    ) -> Result<bool, Unavailable> {
        let (key, seen, lease): (Arc<str>, _, _) = (key.into(), seen.to_vec(), lease.clone());
        let lease_ttl = self.lease_ttl;
        self.ask(What::TakeOver(key.clone()), move |hub| {
            if hub.is_full() {
                return full();
            }
            yes_or_no(hub.take_over(&key, &seen, &lease, lease_ttl))
        })
        .await
    }

    pub(crate) async fn fill(
        &self,
        key: &str,
        lease: &Bytes,
        value: &Value,
        rest: &[u8],
    ) -> Result<Fill, Unavailable> {
        let (key, lease, value): (Arc<str>, _, _) = (key.into(), lease.clone(), value.clone());
        let rest = rest.to_vec();
        self.ask(What::Fill(key.clone()), move |hub| {
            if hub.is_full() {
                return full();
            }
            let fill = hub.fill(&key, &lease, &value, &rest);
            let said = if fill.stored { Said::Done } else { Said::No };
            (Ok(fill), said)
        })
        .await
    }

    pub(crate) async fn await_fill(&self, key: &str, lease: &[u8]) -> Result<Awaited, Unavailable> {
        let (key, lease, life): (Arc<str>, _, _) =
            (key.into(), lease.to_vec(), self.hand_over_life);
        self.ask(What::AwaitFill(key.clone()), move |hub| {
            if hub.is_full() {
                return full();
            }
            let awaited = hub.await_fill(&key, &lease, life);
            let said = awaited.looked.as_ref().map_or(Said::Nothing, found);
            (Ok(awaited), said)
        })
        .await
    }

    pub(crate) async fn hand_over(
        &self,
        lease: &[u8],
        value: &Value,
        rest: &[u8],
    ) -> Result<(), Unavailable> {
        let (lease, value, rest) = (lease.to_vec(), value.clone(), rest.to_vec());
        let life = self.hand_over_life;
        self.ask(What::HandOver, move |hub| {
            if hub.is_full() {
                return full();
            }
            hub.hand_over(&lease, &value, &rest, life);
            (Ok(()), Said::Done)
        })
        .await
    }

    pub(crate) async fn release(&self, key: &str, lease: &Bytes) -> Result<(), Unavailable> {
        let (key, lease): (Arc<str>, _) = (key.into(), lease.clone());
        self.ask(What::Release(key.clone()), move |hub| {
            hub.release(&key, &lease);
            (Ok(()), Said::Done)
        })
        .await
    }

    pub(crate) async fn touch(&self, key: &str, seen: &[u8]) -> Result<Leftover, Unavailable> {
        let (key, seen): (Arc<str>, _) = (key.into(), seen.to_vec());
        self.ask(What::Touch(key.clone()), move |hub| {
            (Ok(hub.touch(&key, &seen)), Said::Done)
        })
        .await
    }

    pub(crate) async fn invalidate(&self, message: &Message) -> Result<Appended, Unavailable> {
        self.link
            .run(|line| self.send_invalidation(line, message))
            .await
    }

    pub(crate) async fn store(
        &self,
        message: &Message,
        entries: &[StoreEntry],
    ) -> Result<Appended, Unavailable> {
        self.link
            .run(|line| self.send_values(line, message, entries))
            .await
    }

    /// Fences the line again.
    pub(crate) async fn fence(&self) -> Result<(), Unavailable> {
        self.link
            .run(|line| async move { line.fence_again().await })
            .await
    }

    pub(crate) async fn listen(&self) -> Result<RemoteFeed, Unavailable> {
        RemoteFeed::connect(&self.route, self.poll_interval, self.connect_timeout).await
    }

    async fn send_invalidation(
        &self,
        line: RemoteLine,
        message: &Message,
    ) -> Result<Appended, RemoteFailure> {
        let (terms, message) = (self.terms(), message.clone());
        let what = What::Invalidate(message.clone());
        let step = move |hub: &Hub| appended(hub.invalidate(&terms, &message));
        line.connection.call(what, step).await
    }

    async fn send_values(
        &self,
        line: RemoteLine,
        message: &Message,
        entries: &[StoreEntry],
    ) -> Result<Appended, RemoteFailure> {
        let (terms, message, entries) = (self.terms(), message.clone(), entries.to_vec());
        let what = What::Store(
            message.clone(),
            entries.iter().filter_map(payload).collect(),
        );
        let step = move |hub: &Hub| {
            if hub.is_full() {
                return full();
            }
            appended(hub.store(&terms, &message, &entries))
        };
        line.connection.call(what, step).await
    }

    /// What is sent along with everything that is appended, as it is known now.
    fn terms(&self) -> Terms {
        let (ours, ban_margin) = self
            .local
            .with(|partition, _| (partition.witness(), partition.ban_retention_beyond_ttl()));
        Terms {
            ours,
            ban_margin,
            max_log_length: self.max_log_length,
            max_bans: self.max_bans,
        }
    }

    /// Runs one step on the line in service. It is sent once: what a server answers that is out
    /// of step is asked for again by those who append only.
    async fn ask<T: Send + 'static>(
        &self,
        what: What,
        step: impl FnOnce(&Hub) -> (Result<T, RemoteFailure>, Said) + Send + 'static,
    ) -> Result<T, Unavailable> {
        let once = parking_lot::Mutex::new(Some((what, step)));
        self.link
            .run(|line| {
                let taken = once.lock().take();
                async move {
                    let (what, step) = taken.ok_or(RemoteFailure::Gone)?;
                    line.connection.call(what, step).await
                }
            })
            .await
    }
}

impl Supervised for RemoteHub {
    type Route = RemoteRoute;

    fn link(&self) -> &Link<RemoteRoute> {
        &self.link
    }

    async fn invalidate_on(
        &self,
        line: &RemoteLine,
        message: &Message,
    ) -> Result<Appended, Unavailable> {
        self.link
            .run_on(line, |line| self.send_invalidation(line, message))
            .await
    }
}

type Answered<T> = (Result<T, RemoteFailure>, Said);

fn full<T>() -> Answered<T> {
    (Err(RemoteFailure::Full), Said::Full)
}

fn appended(appended: Option<Appended>) -> Answered<Appended> {
    match appended {
        Some(appended) => (Ok(appended), Said::Appended(appended)),
        None => (Err(RemoteFailure::NotFenced), Said::NotFenced),
    }
}

fn yes_or_no(yes: bool) -> Answered<bool> {
    (Ok(yes), if yes { Said::Done } else { Said::No })
}

/// The value of an entry, as it is encoded.
fn payload(entry: &StoreEntry) -> Option<Bytes> {
    match record::parse(&record::value(Position::ORIGIN, 0, &entry.rest)) {
        Record::Value(value) => Some(value.encoded.payload),
        _ => None,
    }
}

fn found(looked: &Looked) -> Said {
    match record::parse(&looked.bytes) {
        Record::Lease { stamp } => Said::Found(stamp),
        Record::Value(value) => Said::Found(value.stamp),
        Record::Foreign => Said::No,
    }
}
