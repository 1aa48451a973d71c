//! What the hub does for its caches. Each is one step that nothing comes between, as a script is
//! on a server.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use super::Hub;
use crate::clock;
use crate::core::{self, Appended, Fenced, Message, Position, Server, Snapshot, Tick, Witness};
use crate::tiers::record::{self, Record, Value};
use crate::tiers::shared::{Awaited, Claim, Fill, Guarded, Leftover, Looked, StoreEntry};

/// What a cache says of itself when it appends to the log.
#[derive(Copy, Clone)]
pub(super) struct Terms {
    /// The history it knows.
    pub(super) ours: Witness,
    pub(super) max_log_length: usize,
    pub(super) max_bans: usize,
    /// How long a ban is kept beyond the longest TTL.
    pub(super) ban_margin: Duration,
}

impl Hub {
    /// Tells everybody if that began a new epoch.
    pub(super) fn fence(&self, ours: Witness, fresh_nonce: u64, longest_ttl: Duration) -> Fenced {
        let wall_ms = self.wall_ms();
        let fenced = self.with(|server| server.fence(ours, fresh_nonce, longest_ttl, wall_ms));
        if fenced.history != ours.history {
            self.held.news.notify_waiters();
        }
        fenced
    }

    pub(super) fn look(&self, key: &str) -> Option<Looked> {
        self.with(|server| server.look(key, self.now())).map(looked)
    }

    pub(super) fn look_many(&self, keys: &[Arc<str>]) -> Vec<Option<Looked>> {
        let now = self.now();
        self.with(|server| {
            keys.iter()
                .map(|key| server.look(key, now).map(looked))
                .collect()
        })
    }

    pub(super) fn look_guarded(&self, key: &str, ours: Witness) -> Guarded {
        let (now, wall_ms) = (self.now(), self.wall_ms());
        let (found, snapshot) = self.with(|server| server.look_guarded(key, ours, now, wall_ms));
        Guarded {
            looked: found.map(looked),
            snapshot,
        }
    }

    pub(super) fn claim(&self, key: &str, lease: &Bytes, lease_ttl: Duration) -> Claim {
        let now = self.now();
        match self.with(|server| server.claim(key, lease.clone(), now, now + lease_ttl)) {
            None => Claim::Granted,
            Some(found) => Claim::Occupied(looked(found)),
        }
    }

    pub(super) fn take_over(
        &self,
        key: &str,
        seen: &[u8],
        lease: &Bytes,
        lease_ttl: Duration,
    ) -> bool {
        let now = self.now();
        let is_seen = |record: &Bytes| record.starts_with(seen);
        self.with(|server| server.replace(key, is_seen, lease.clone(), now, now + lease_ttl))
    }

    pub(super) fn fill(&self, key: &str, lease: &Bytes, value: &Value, rest: &[u8]) -> Fill {
        let now = self.now();
        let until = now + value.traits.ttl;
        let bytes = record::value(value.stamp, deadline(until, &value.traits), rest);
        let idle = now + value.traits.sliding.unwrap_or(value.traits.ttl);
        let is_ours = |record: &Bytes| record.starts_with(lease);
        self.with(|server| Fill {
            stored: server.replace(key, is_ours, bytes, now, until.min(idle)),
            awaited: server.look(&hand_over(lease), now).is_some(),
        })
    }

    pub(super) fn await_fill(&self, key: &str, lease: &[u8], life: Duration) -> Awaited {
        let now = self.now();
        let place = hand_over(lease);
        self.with(|server| Awaited {
            handed: server
                .claim(&place, Bytes::new(), now, now + life)
                .map(|found| found.record),
            looked: server.look(key, now).map(looked),
        })
    }

    pub(super) fn hand_over(&self, lease: &[u8], value: &Value, rest: &[u8], life: Duration) {
        let now = self.now();
        let bytes = record::value(value.stamp, 0, rest);
        let place = hand_over(lease);
        self.with(|server| {
            if server.look(&place, now).is_some() {
                server.put(&place, bytes, now, now + life);
            }
        });
    }

    pub(super) fn release(&self, key: &str, lease: &Bytes) {
        let now = self.now();
        self.with(|server| {
            server.release(&hand_over(lease), |_| true, now);
            server.release(key, |record| record.starts_with(lease), now);
        });
    }

    pub(super) fn touch(&self, key: &str, seen: &[u8]) -> Leftover {
        let now = self.now();
        let leftover = self.with(|server| prolong(server, key, seen, now));
        leftover.unwrap_or(Leftover {
            sliding: Duration::ZERO,
            absolute: Duration::ZERO,
        })
    }

    /// `None` when the history is not the caller's.
    pub(super) fn invalidate(&self, terms: &Terms, message: &Message) -> Option<Appended> {
        let now = self.now();
        self.append(terms, |server| {
            server.invalidate(terms.ours, message, now, terms.ban_margin, terms.max_bans)
        })
    }

    /// `None` when the history is not the caller's.
    pub(super) fn store(
        &self,
        terms: &Terms,
        message: &Message,
        entries: &[StoreEntry],
    ) -> Option<Appended> {
        let now = self.now();
        self.append(terms, |server| {
            let appended = server.append(terms.ours, message)?;
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

    pub(super) fn snapshot(&self) -> Option<Snapshot> {
        self.with(|server| server.snapshot())
    }

    pub(super) fn entries_after(&self, cursor: Position) -> Vec<(Position, Message)> {
        self.with(|server| server.entries_after(cursor))
    }

    /// The entries after `cursor`, as soon as there are any; none after `wait`.
    pub(super) async fn await_entries(
        &self,
        cursor: Position,
        wait: Duration,
    ) -> Vec<(Position, Message)> {
        // Before looking: what is appended afterwards wakes this.
        let news = self.held.news.notified();
        let entries = self.entries_after(cursor);
        if !entries.is_empty() {
            return entries;
        }
        // Nothing new within the wait is no failure.
        let _ = tokio::time::timeout(wait, news).await;
        self.entries_after(cursor)
    }

    fn append(
        &self,
        terms: &Terms,
        append: impl FnOnce(&mut Server<Bytes>) -> Option<Appended>,
    ) -> Option<Appended> {
        let appended = self.with(|server| {
            let appended = append(server);
            server.trim(terms.max_log_length);
            appended
        })?;
        self.held.news.notify_waiters();
        Some(appended)
    }

    pub(super) fn with<R>(&self, work: impl FnOnce(&mut Server<Bytes>) -> R) -> R {
        work(&mut self.held.server.lock())
    }

    /// The hub's clock, by which records expire.
    pub(super) fn now(&self) -> Tick {
        let now = clock::now();
        #[cfg(feature = "evidence")]
        let now = self.held.conditions.skewed(now);
        now
    }

    fn wall_ms(&self) -> u64 {
        let wall_ms = clock::wall_micros() / 1000;
        #[cfg(feature = "evidence")]
        let wall_ms = self.held.conditions.skewed_wall(wall_ms);
        wall_ms
    }
}

/// Where the value of a lease is handed over. No key is like this: nobody else knows the token.
fn hand_over(lease: &[u8]) -> String {
    format!(
        "\0hand-over:{}",
        String::from_utf8_lossy(record::token(lease))
    )
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
