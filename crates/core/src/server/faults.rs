//! What may befall a server, and what is seen of it from outside.

use super::log::Log;
use super::{Fenced, Message, Position, Server, Tick};
use crate::ban::Scope;
use crate::guard::Guard;

impl<R: Clone> Server<R> {
    /// Everything is gone (`FLUSHALL`); connections stay, and so does who it is.
    pub fn flush(&mut self) {
        let owner = self.owner;
        *self = Self {
            owner,
            ..Self::default()
        };
    }

    /// The process comes back as another, with what it had, or a replica with what it has got.
    pub fn change_owner(&mut self) {
        self.owner += 1;
    }

    /// A record is evicted, or expires early.
    pub fn evict(&mut self, key: &str) {
        self.records.remove(key);
    }

    /// `meta` is evicted. If the bans had a key of their own, that one might go alone.
    pub fn lose_meta(&mut self) {
        if Guard::MetaInOneHash.holds() {
            self.meta = None;
        } else if let Some(meta) = &mut self.meta {
            meta.bans.clear();
        }
    }

    /// The log is evicted, with the position it had come to. If that were where positions are
    /// taken from, they would be given again.
    pub fn lose_log(&mut self) {
        self.log = Log::default();
        if !Guard::MetaInOneHash.holds()
            && let Some(meta) = &mut self.meta
        {
            meta.seq = 0;
        }
    }

    /// Everything goes back to what it was, as with a snapshot that is restored, or on a replica
    /// that had come so far.
    pub fn go_back(&mut self, to: &Self) {
        let owner = self.owner;
        *self = Self {
            owner,
            ..to.clone()
        };
    }

    /// `meta` alone does so.
    pub fn meta_goes_back(&mut self, to: &Self) {
        self.meta.clone_from(&to.meta);
    }

    /// What history it goes on with, and how far that has come; `None` when `meta` is gone.
    pub fn fenced(&self) -> Option<Fenced> {
        self.meta.as_ref().map(super::Meta::fenced)
    }

    /// The bans, and when each is forgotten.
    pub fn forgotten_at(&self) -> Vec<(Scope, Tick)> {
        let bans = self.meta.iter().flat_map(|meta| &meta.bans);
        bans.map(|(scope, (_, expires))| (scope.clone(), *expires))
            .collect()
    }

    /// The latest time that it remembers to have seen, in milliseconds.
    pub fn latest_ms(&self) -> u64 {
        self.meta.as_ref().map_or(0, |meta| meta.newest_wall_ms)
    }

    /// Whether there is anything in the log behind this position.
    pub fn has_entries_after(&self, cursor: Position) -> bool {
        self.log.has_after(cursor)
    }

    /// The second step of a removal, where it is not one with the first.
    pub fn finish_removal(&mut self, message: &Message) {
        self.unlink(message);
    }
}
