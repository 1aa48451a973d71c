//! What may befall a server.

use super::{Message, Position, Server};
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
        self.log.clear();
        self.log_top = Position::ORIGIN;
        if !Guard::MetaInOneHash.holds()
            && let Some(meta) = &mut self.meta
        {
            meta.seq = 0;
        }
    }

    /// The second step of a removal, where it is not one with the first.
    pub fn finish_removal(&mut self, message: &Message) {
        self.unlink(message);
    }
}
