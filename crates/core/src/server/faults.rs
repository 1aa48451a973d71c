//! What may befall a server.

use super::Server;

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

    /// `meta` is evicted.
    pub fn lose_meta(&mut self) {
        self.meta = None;
    }

    /// The log is evicted, with the position it had come to.
    pub fn lose_log(&mut self) {
        self.log.clear();
        self.log_top = crate::Position::ORIGIN;
    }
}
