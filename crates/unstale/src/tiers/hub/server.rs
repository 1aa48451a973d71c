//! What a server does, step by step, as the scripts do it on Redis. Pure: clocks are passed in.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use super::super::record::{self, Record};
use super::super::shared::{Appended, Claim, Leftover, Looked, keys};
use crate::core::{Change, Fenced, History, Message, Position, Scope, Snapshot, Tick};

/// Expired records are swept out once per so many records stored.
const SWEEP_INTERVAL: usize = 4096;

#[derive(Debug)]
struct Meta {
    history: History,
    seq: u64,
    longest_ttl: Duration,
    bans: HashMap<Scope, (u64, Tick)>,
}

#[derive(Debug)]
struct Stored {
    bytes: Bytes,
    expires: Tick,
}

/// The state of one partition on a server.
#[derive(Debug, Default)]
pub(super) struct Server {
    meta: Option<Meta>,
    log: VecDeque<(Position, Message)>,
    records: HashMap<Arc<str>, Stored>,
    stored: usize,
}

impl Server {
    /// `fence.lua`.
    pub(super) fn fence(
        &mut self,
        ours: History,
        fresh_nonce: u64,
        longest_ttl: Duration,
        wall_ms: u64,
    ) -> Fenced {
        let broken = self.meta.as_ref().is_none_or(|meta| meta.is_behind(ours));
        if broken {
            let known = self.meta.as_ref().map_or(0, |meta| meta.history.epoch);
            let top = self.log.back().map_or(0, |(position, _)| position.epoch);
            let epoch = known.max(top).max(ours.epoch).max(wall_ms) + 1;
            let before = self
                .meta
                .as_ref()
                .map_or(Duration::ZERO, |meta| meta.longest_ttl);
            self.log
                .push_back((Position { epoch, seq: 1 }, Message::default()));
            self.meta = Some(Meta {
                history: History {
                    epoch,
                    nonce: fresh_nonce,
                },
                seq: 1,
                longest_ttl: longest_ttl.max(before),
                bans: HashMap::new(),
            });
        }
        match &mut self.meta {
            Some(meta) => {
                if longest_ttl > meta.longest_ttl {
                    let longer = longest_ttl - meta.longest_ttl;
                    meta.bans
                        .values_mut()
                        .for_each(|(_, expires)| *expires = *expires + longer);
                    meta.longest_ttl = longest_ttl;
                    let message = Message {
                        longest_ttl: Some(longest_ttl),
                        ..Message::default()
                    };
                    self.log.push_back((meta.advance(), message));
                }
                meta.fenced()
            }
            None => Fenced {
                history: ours,
                tail: 0,
                longest_ttl: Duration::ZERO,
            },
        }
    }

    /// `log.lua`: appends one entry; `None` when the history is not the caller's.
    pub(super) fn append(&mut self, ours: History, message: &Message) -> Option<Appended> {
        let meta = self.meta.as_mut().filter(|meta| !meta.is_behind(ours))?;
        self.log.push_back((meta.advance(), message.clone()));
        Some(Appended {
            history: meta.history,
            seq: meta.seq,
        })
    }

    /// `invalidate.lua`.
    pub(super) fn invalidate(
        &mut self,
        ours: History,
        message: &Message,
        now: Tick,
        ban_expires: Tick,
        max_bans: usize,
    ) -> Option<Appended> {
        let appended = self.append(ours, message)?;
        for key in keys(message) {
            self.records.remove(key);
        }
        let meta = self.meta.as_mut()?;
        for change in &message.changes {
            if let Change::Ban(scope) = change {
                meta.bans.insert(scope.clone(), (appended.seq, ban_expires));
            }
        }
        meta.limit_bans(now, max_bans);
        Some(appended)
    }

    /// Keeps the newest entries of the log.
    pub(super) fn trim(&mut self, length: usize) {
        let surplus = self.log.len().saturating_sub(length);
        self.log.drain(..surplus);
    }

    pub(super) fn look(&self, key: &str, now: Tick) -> Option<Looked> {
        let stored = self
            .records
            .get(key)
            .filter(|stored| now < stored.expires)?;
        Some(Looked {
            bytes: stored.bytes.clone(),
            remaining: stored.expires.since(now),
        })
    }

    /// `SET … NX GET`.
    pub(super) fn claim(&mut self, key: &str, lease: &Bytes, now: Tick, until: Tick) -> Claim {
        match self.look(key, now) {
            Some(looked) => Claim::Occupied(looked),
            None => {
                self.put(key, lease.clone(), now, until);
                Claim::Granted
            }
        }
    }

    /// `fill.lua` and `take_over.lua`: compare-and-set.
    pub(super) fn replace(
        &mut self,
        key: &str,
        seen: &[u8],
        bytes: &Bytes,
        now: Tick,
        until: Tick,
    ) -> bool {
        let same = self
            .look(key, now)
            .is_some_and(|looked| looked.bytes.starts_with(seen));
        if same {
            self.put(key, bytes.clone(), now, until);
        }
        same
    }

    /// `release.lua`.
    pub(super) fn release(&mut self, key: &str, lease: &Bytes, now: Tick) {
        if self
            .look(key, now)
            .is_some_and(|looked| looked.bytes.starts_with(lease))
        {
            self.records.remove(key);
        }
    }

    /// `touch.lua`.
    pub(super) fn touch(&mut self, key: &str, seen: &[u8], now: Tick) -> Option<Leftover> {
        let looked = self
            .look(key, now)
            .filter(|looked| looked.bytes.starts_with(seen))?;
        let Record::Value(value) = record::parse(&looked.bytes) else {
            return None;
        };
        let deadline = Duration::from_millis(record::deadline(&looked.bytes)?);
        let absolute = (Tick::default() + deadline).since(now);
        let sliding = value.traits.sliding?.min(absolute);
        self.put(key, looked.bytes, now, now + sliding);
        Some(Leftover { sliding, absolute })
    }

    pub(super) fn put(&mut self, key: &str, bytes: Bytes, now: Tick, expires: Tick) {
        self.records.insert(key.into(), Stored { bytes, expires });
        self.stored += 1;
        if self.stored.is_multiple_of(SWEEP_INTERVAL) {
            self.records.retain(|_, stored| now < stored.expires);
        }
    }

    pub(super) fn snapshot(&self) -> Option<Snapshot> {
        let meta = self.meta.as_ref()?;
        Some(Snapshot {
            fenced: meta.fenced(),
            bans: meta
                .bans
                .iter()
                .map(|(scope, (seq, _))| (scope.clone(), *seq))
                .collect(),
        })
    }

    /// `XREAD`.
    pub(super) fn entries_after(&self, cursor: Position) -> Vec<(Position, Message)> {
        let first = self
            .log
            .partition_point(|(position, _)| *position <= cursor);
        self.log.range(first..).cloned().collect()
    }
}

impl Meta {
    /// Whether this history is not the caller's nor a later one.
    fn is_behind(&self, ours: History) -> bool {
        self.history.epoch < ours.epoch
            || (self.history.epoch == ours.epoch && self.history.nonce != ours.nonce)
    }

    fn fenced(&self) -> Fenced {
        Fenced {
            history: self.history,
            tail: self.seq,
            longest_ttl: self.longest_ttl,
        }
    }

    fn advance(&mut self) -> Position {
        self.seq += 1;
        Position {
            epoch: self.history.epoch,
            seq: self.seq,
        }
    }

    fn limit_bans(&mut self, now: Tick, limit: usize) {
        if self.bans.len() <= limit {
            return;
        }
        self.bans.retain(|_, (_, expires)| now < *expires);
        for broader in [Scope::folded, |_: &Scope| Scope::All] {
            if self.bans.len() <= limit {
                return;
            }
            let mut folded: HashMap<Scope, (u64, Tick)> = HashMap::new();
            for (scope, (seq, expires)) in self.bans.drain() {
                let ban = folded.entry(broader(&scope)).or_insert((seq, expires));
                *ban = (ban.0.max(seq), ban.1.max(expires));
            }
            self.bans = folded;
        }
    }
}
