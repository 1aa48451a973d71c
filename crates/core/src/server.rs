//! What a server does, step by step: each method is one step that is atomic there, a script on
//! Redis. The in-process hub runs on it, and so do the model and the simulation.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use crate::guard::Guard;
use crate::message::{Change, Message};
use crate::partition::Snapshot;
use crate::position::{Appended, Fenced, History, Place, Position, Witness};
use crate::tick::Tick;

#[cfg(feature = "evidence")]
mod canonical;
#[cfg(feature = "evidence")]
mod faults;
mod log;
mod meta;
mod records;

use log::Log;
use meta::Meta;
pub use records::Looked;
use records::Stored;

/// A server clock that steps back further than this begins a new epoch: records would outlive
/// the bans that instances remember by their own clocks.
const CLOCK_TOLERANCE_MS: u64 = 500;

/// The state of one partition on a server, whatever its records are.
#[derive(Clone, Debug)]
pub struct Server<R> {
    meta: Option<Meta>,
    log: Log,
    records: HashMap<Arc<str>, Stored<R>>,
    /// Who this server is: another after each restart and each promotion.
    owner: u64,
    stored: usize,
}

impl<R> Default for Server<R> {
    fn default() -> Self {
        Self {
            meta: None,
            log: Log::default(),
            records: HashMap::new(),
            owner: 0,
            stored: 0,
        }
    }
}

impl<R: Clone> Server<R> {
    /// `fence.lua`: answers with this server's history, and begins a new one where the old one
    /// may be broken.
    pub fn fence(
        &mut self,
        ours: impl Into<Witness>,
        fresh_nonce: u64,
        longest_ttl: Duration,
        wall_ms: u64,
    ) -> Fenced {
        let ours = ours.into();
        let intact = self.is_intact(ours, wall_ms);
        if !intact {
            self.begin_epoch(ours.history, fresh_nonce, wall_ms);
        }
        let Some(meta) = &mut self.meta else {
            return Fenced::default();
        };
        if wall_ms > meta.newest_wall_ms + CLOCK_TOLERANCE_MS {
            // Not with every probe, which would write each time.
            meta.newest_wall_ms = wall_ms;
        }
        if longest_ttl > meta.longest_ttl {
            // Entries may live longer from now on, and so must every ban that is remembered.
            let longer = longest_ttl - meta.longest_ttl;
            if Guard::LongerTtlKeepsBans.holds() {
                meta.bans
                    .values_mut()
                    .for_each(|(_, expires)| *expires = *expires + longer);
            }
            meta.longest_ttl = longest_ttl;
            if intact {
                let message = Message {
                    id: fresh_nonce,
                    longest_ttl: Some(longest_ttl),
                    ..Message::default()
                };
                let (position, message) = meta.advance(message);
                self.log.push(position, message);
            }
        }
        meta.fenced().answering(&ours)
    }

    /// Whether this history goes on for a caller who knows `ours`.
    fn is_intact(&self, ours: Witness, wall_ms: u64) -> bool {
        self.continues(ours)
            && self.meta.as_ref().is_some_and(|meta| {
                Guard::OwnerIsCompared.demands(meta.owner == self.owner)
                    && self.log.top() <= meta.fenced().position()
                    && Guard::ClockIsCompared
                        .demands(wall_ms + CLOCK_TOLERANCE_MS >= meta.newest_wall_ms)
            })
    }

    /// Whether this history is the caller's, and has kept what he knows of it, or is a later one.
    fn continues(&self, ours: Witness) -> bool {
        self.meta.as_ref().is_some_and(|meta| {
            if meta.history.epoch == ours.history.epoch {
                let known = [ours.known, ours.unseen];
                meta.history.is(ours.history)
                    && known
                        .into_iter()
                        .all(|place| self.has_kept(meta, place, ours.excused))
            } else {
                meta.history.epoch > ours.history.epoch
            }
        })
    }

    /// Whether this entry stands at its place. What was trimmed away may have been another one: that
    /// is put up with only where the caller is not alone in knowing of it.
    fn has_kept(&self, meta: &Meta, place: Place, excused: u64) -> bool {
        let there = if place.seq == meta.seq {
            Some(meta.last)
        } else {
            let epoch = meta.history.epoch;
            let seq = place.seq;
            self.log.id_at(Position { epoch, seq })
        };
        match there {
            _ if place.seq > meta.seq => !Guard::KnownIsCompared.holds(),
            Some(id) => Guard::KnownEntryIsCompared.demands(id == place.id),
            None => Guard::TrimmedCountsAsLost.demands(place.seq <= excused),
        }
    }

    fn begin_epoch(&mut self, ours: History, fresh_nonce: u64, wall_ms: u64) {
        let known = self.meta.as_ref().map_or(0, |meta| meta.history.epoch);
        let epoch = known.max(self.log.top().epoch).max(ours.epoch).max(wall_ms) + 1;
        let longest_ttl = self.meta.take().map_or(Duration::ZERO, |m| m.longest_ttl);
        self.meta = Some(Meta {
            history: History {
                epoch,
                nonce: fresh_nonce,
            },
            owner: self.owner,
            seq: 1,
            last: fresh_nonce,
            longest_ttl,
            newest_wall_ms: wall_ms,
            bans: HashMap::new(),
        });
        let first = Position { epoch, seq: 1 };
        let message = Message {
            id: fresh_nonce,
            ..Message::default()
        };
        self.log.push(first, message);
    }

    /// Appends one entry; `None` when the history is not the caller's.
    pub fn append(&mut self, ours: impl Into<Witness>, message: &Message) -> Option<Appended> {
        let ours = ours.into();
        if !self.accepts(ours) {
            return None;
        }
        self.write_entry(ours, message)
    }

    /// `accept.lua`: whether the history is the caller's.
    fn accepts(&self, ours: Witness) -> bool {
        Guard::AppendNeedsHistory.demands(self.continues(ours))
    }

    /// `log.lua`.
    fn write_entry(&mut self, ours: Witness, message: &Message) -> Option<Appended> {
        let meta = self.meta.as_mut()?;
        let next = Position {
            epoch: meta.history.epoch,
            seq: meta.seq + 1,
        };
        if next <= self.log.top() {
            // The log is ahead of meta: the fence will tell.
            return None;
        }
        let (position, message) = meta.advance(message.clone());
        self.log.push(position, message);
        Some(Appended {
            history: meta.history,
            seq: meta.seq,
            id: meta.last,
            kept: ours.kept_in(meta.history),
        })
    }

    /// Deletes the keys (`unlink.lua`) and records the bans (`bans.lua`), then appends.
    pub fn invalidate(
        &mut self,
        ours: impl Into<Witness>,
        message: &Message,
        now: Tick,
        ban_margin: Duration,
        max_bans: usize,
    ) -> Option<Appended> {
        let ours = ours.into();
        let accepted = self.accepts(ours);
        if Guard::RefusalDeletesNothing.demands(accepted) && Guard::RemovalIsOneStep.holds() {
            self.unlink(message);
        }
        if !accepted {
            return None;
        }
        let meta = self.meta.as_mut()?;
        let (seq, expires) = (meta.seq + 1, now + meta.longest_ttl + ban_margin);
        for change in &message.changes {
            if let Change::Ban(scope) = change
                && Guard::BansAreRecorded.holds()
            {
                meta.bans.insert(scope.clone(), (seq, expires));
            }
        }
        meta.limit_bans(now, max_bans);
        self.write_entry(ours, message)
    }

    /// `UNLINK`.
    fn unlink(&mut self, message: &Message) {
        for key in message.keys() {
            self.records.remove(key);
        }
    }

    /// Keeps the newest entries of the log, or of its trail.
    pub fn trim(&mut self, length: usize) {
        self.log.trim(length);
    }

    /// Takes everything out of the log, to be published; its ids stay.
    pub fn publish(&mut self) -> Vec<(Position, Message)> {
        self.log.publish()
    }

    /// `guarded.lua`: a record, and everything that `meta` says: but nothing of that where the
    /// history may be over, because bans may be lost that the caller was told of.
    pub fn look_guarded(
        &self,
        key: &str,
        ours: impl Into<Witness>,
        now: Tick,
        wall_ms: u64,
    ) -> (Option<Looked<R>>, Option<Snapshot>) {
        let ours = ours.into();
        let intact = self.is_intact(ours, wall_ms);
        let trusted = Guard::ServersBansNeedHistory.demands(intact);
        let snapshot = self.snapshot().filter(|_| trusted);
        let snapshot = snapshot.map(|snapshot| snapshot.answering(&ours));
        (self.look(key, now), snapshot)
    }

    /// Everything that `meta` says; `None` when it is gone.
    pub fn snapshot(&self) -> Option<Snapshot> {
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
    pub fn entries_after(&self, cursor: Position) -> Vec<(Position, Message)> {
        self.log.after(cursor)
    }
}
