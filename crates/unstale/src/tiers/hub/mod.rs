//! The in-process hub: an L2 and a log for several caches in one process, without a server.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use parking_lot::Mutex;
use tokio::sync::watch;

use super::record::{self, Record, Value};
use super::shared::{Claim, Entries, Guarded, Leftover, Looked, StoreEntry, Unavailable};
use crate::clock;
use crate::config::Config;
use crate::core::{self, Appended, Fenced, History, Message, Position, Server, Snapshot, Tick};
use crate::local::Local;

/// An L2 and a log in this process, shared by every cache that is built on a clone of it.
///
/// The hub speaks the protocol that Redis speaks, with the same guarantees, so a service can be
/// developed, demonstrated and tested without a server. Several hubs are several namespaces.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), unstale::Error> {
/// use unstale::{Cache, EntryOptions, Hub};
///
/// let hub = Hub::new();
/// let here = Cache::builder().hub(&hub).build().await?;
/// let there = Cache::builder().hub(&hub).build().await?;
///
/// here.set("greeting", &"hello".to_owned(), EntryOptions::new()).await?;
/// assert_eq!(there.get::<String>("greeting").await.as_deref(), Some(&"hello".to_owned()));
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct Hub(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    server: Mutex<Server<Bytes>>,
    /// Changes whenever something was appended to the log.
    news: watch::Sender<()>,
}

impl Hub {
    /// An empty hub.
    pub fn new() -> Self {
        Self(Arc::new(Shared {
            server: Mutex::new(Server::default()),
            news: watch::Sender::new(()),
        }))
    }

    /// Forgets everything, as `FLUSHALL` does to a server: the caches on it notice, and start
    /// over in a new epoch.
    pub fn flush(&self) {
        *self.0.server.lock() = Server::default();
    }

    /// Fences with what an instance knows, and tells everybody if that began a new epoch.
    fn fence(&self, local: &Local) -> Result<Fenced, Unavailable> {
        let fresh_nonce = getrandom::u64().map_err(|_| Unavailable::Down)?;
        let (ours, longest_ttl) =
            local.with(|partition, _| (partition.history(), partition.longest_ttl()));
        let wall_ms = clock::wall_micros() / 1000;
        let fenced = self
            .0
            .server
            .lock()
            .fence(ours, fresh_nonce, longest_ttl, wall_ms);
        if fenced.history != ours {
            self.0.news.send_replace(());
        }
        Ok(fenced)
    }
}

impl Default for Hub {
    fn default() -> Self {
        Self::new()
    }
}

/// One cache's end of a hub.
pub(crate) struct HubTier {
    hub: Hub,
    local: Arc<Local>,
    lease_ttl: Duration,
    max_log_length: usize,
    max_bans: usize,
}

impl HubTier {
    pub(crate) fn new(hub: &Hub, config: &Config, local: Arc<Local>) -> Self {
        Self {
            hub: hub.clone(),
            local,
            lease_ttl: config.lease_ttl,
            max_log_length: usize::try_from(config.stream.max_stream_length).unwrap_or(usize::MAX),
            max_bans: config.max_bans,
        }
    }

    /// Fences, and takes note of the answer.
    pub(crate) fn fence(&self) -> Result<(), Unavailable> {
        while !self.local.adopt(self.hub.fence(&self.local)?) {}
        Ok(())
    }

    pub(crate) async fn look(&self, key: &str) -> Result<Option<Looked>, Unavailable> {
        Ok(self
            .with(|server| server.look(key, clock::now()))
            .map(looked))
    }

    pub(crate) async fn look_many(
        &self,
        keys: &[Arc<str>],
    ) -> Result<Vec<Option<Looked>>, Unavailable> {
        let now = clock::now();
        Ok(self.with(|server| {
            keys.iter()
                .map(|key| server.look(key, now).map(looked))
                .collect()
        }))
    }

    pub(crate) async fn look_guarded(&self, key: &str) -> Result<Guarded, Unavailable> {
        Ok(self.with(|server| Guarded {
            looked: server.look(key, clock::now()).map(looked),
            snapshot: server.snapshot(),
        }))
    }

    pub(crate) async fn claim(&self, key: &str, lease: &Bytes) -> Result<Claim, Unavailable> {
        let until = clock::now() + self.lease_ttl;
        let occupied = self.with(|server| server.claim(key, lease.clone(), clock::now(), until));
        Ok(match occupied {
            None => Claim::Granted,
            Some(found) => Claim::Occupied(looked(found)),
        })
    }

    pub(crate) async fn take_over(
        &self,
        key: &str,
        seen: &[u8],
        lease: &Bytes,
    ) -> Result<bool, Unavailable> {
        let until = clock::now() + self.lease_ttl;
        Ok(self.with(|server| {
            let is_seen = |record: &Bytes| record.starts_with(seen);
            server.replace(key, is_seen, lease.clone(), clock::now(), until)
        }))
    }

    pub(crate) async fn fill(
        &self,
        key: &str,
        lease: &Bytes,
        value: &Value,
        rest: Vec<u8>,
    ) -> Result<bool, Unavailable> {
        let now = clock::now();
        let until = now + value.traits.ttl;
        let bytes = record::value(value.stamp, deadline(until, &value.traits), &rest);
        let idle = now + value.traits.sliding.unwrap_or(value.traits.ttl);
        Ok(self.with(|server| {
            let is_ours = |record: &Bytes| record.starts_with(lease);
            server.replace(key, is_ours, bytes, now, until.min(idle))
        }))
    }

    pub(crate) async fn release(&self, key: &str, lease: &Bytes) -> Result<(), Unavailable> {
        self.with(|server| server.release(key, |record| record.starts_with(lease), clock::now()));
        Ok(())
    }

    pub(crate) async fn touch(&self, key: &str, seen: &[u8]) -> Result<Leftover, Unavailable> {
        let leftover = self.with(|server| prolong(server, key, seen, clock::now()));
        Ok(leftover.unwrap_or(Leftover {
            sliding: Duration::ZERO,
            absolute: Duration::ZERO,
        }))
    }

    pub(crate) async fn invalidate(&self, message: &Message) -> Result<Appended, Unavailable> {
        let margin = self
            .local
            .with(|partition, _| partition.ban_retention_beyond_ttl());
        self.append(|server, ours| {
            server.invalidate(ours, message, clock::now(), margin, self.max_bans)
        })
    }

    pub(crate) async fn store(
        &self,
        message: &Message,
        entries: &[StoreEntry],
    ) -> Result<Appended, Unavailable> {
        self.append(|server, ours| {
            let appended = server.append(ours, message)?;
            let now = clock::now();
            for entry in entries {
                let until = now + entry.traits.ttl;
                let idle = now + entry.traits.sliding.unwrap_or(entry.traits.ttl);
                let deadline = deadline(until, &entry.traits);
                let bytes = record::value(appended.position(), deadline, &entry.rest);
                server.put(&entry.key, bytes, now, until.min(idle));
            }
            Some(appended)
        })
    }

    pub(crate) fn listen(&self) -> Result<HubFeed, Unavailable> {
        self.fence()?;
        let news = self.hub.0.news.subscribe();
        Ok(HubFeed {
            hub: self.hub.clone(),
            local: self.local.clone(),
            news: tokio::sync::Mutex::new(news),
        })
    }

    /// Appends under the history this instance knows; fences and tries again when it is over.
    fn append(
        &self,
        append: impl Fn(&mut Server<Bytes>, History) -> Option<Appended>,
    ) -> Result<Appended, Unavailable> {
        let attempt = || {
            let ours = self.local.history();
            self.with(|server| {
                let appended = append(server, ours);
                server.trim(self.max_log_length);
                appended
            })
        };
        let appended = match attempt() {
            Some(appended) => appended,
            None => {
                self.fence()?;
                attempt().ok_or(Unavailable::NotFenced)?
            }
        };
        self.hub.0.news.send_replace(());
        Ok(appended)
    }

    fn with<R>(&self, work: impl FnOnce(&mut Server<Bytes>) -> R) -> R {
        work(&mut self.hub.0.server.lock())
    }
}

fn looked(found: core::Looked<Bytes>) -> Looked {
    Looked {
        bytes: found.record,
        remaining: found.remaining,
    }
}

/// `touch.lua`.
fn prolong(server: &mut Server<Bytes>, key: &str, seen: &[u8], now: Tick) -> Option<Leftover> {
    let bytes = server
        .look(key, now)
        .map(|found| found.record)
        .filter(|record| record.starts_with(seen))?;
    let Record::Value(value) = record::parse(&bytes) else {
        return None;
    };
    let deadline = Duration::from_millis(record::deadline(&bytes)?);
    let absolute = (Tick::default() + deadline).since(now);
    let sliding = value.traits.sliding?.min(absolute);
    server.put(key, bytes, now, now + sliding);
    Some(Leftover { sliding, absolute })
}

/// The header's deadline: the hub's clock is the monotonic one, in milliseconds.
fn deadline(until: Tick, traits: &record::Traits) -> u64 {
    traits.sliding.map_or(0, |_| until.as_nanos() / 1_000_000)
}

/// One cache's reader of a hub's log.
pub(crate) struct HubFeed {
    hub: Hub,
    local: Arc<Local>,
    news: tokio::sync::Mutex<watch::Receiver<()>>,
}

impl HubFeed {
    pub(crate) async fn probe(&self) -> Result<Fenced, Unavailable> {
        self.hub.fence(&self.local)
    }

    pub(crate) async fn snapshot(&self) -> Result<Snapshot, Unavailable> {
        self.hub
            .0
            .server
            .lock()
            .snapshot()
            .ok_or(Unavailable::NotFenced)
    }

    pub(crate) async fn entries(
        &self,
        cursor: Position,
        wait: Duration,
    ) -> Result<Entries, Unavailable> {
        let mut news = self.news.lock().await;
        news.borrow_and_update();
        let mut entries = self.hub.0.server.lock().entries_after(cursor);
        if entries.is_empty() {
            // Nothing new within the wait is no failure, and the hub outlives its feeds.
            let _ = tokio::time::timeout(wait, news.changed()).await;
            entries = self.hub.0.server.lock().entries_after(cursor);
        }
        let entries = entries
            .into_iter()
            .map(|(at, message)| (at, Some(message)))
            .collect();
        Ok(Entries {
            entries,
            complete: true,
        })
    }
}
