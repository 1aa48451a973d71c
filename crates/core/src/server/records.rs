//! The records of a server: reading them, and putting one in the place of another.

use std::time::Duration;

use super::Server;
use crate::guard::Guard;
use crate::tick::Tick;

/// Expired records are swept out once per so many records stored.
const SWEEP_INTERVAL: usize = 4096;

#[derive(Clone, Debug)]
pub(super) struct Stored<R> {
    pub(super) record: R,
    pub(super) expires: Tick,
}

/// A record that was read, and how long it will live.
#[derive(Clone, PartialEq, Debug)]
pub struct Looked<R> {
    /// What is stored under the key.
    pub record: R,
    /// Until it expires.
    pub remaining: Duration,
}

impl<R: Clone> Server<R> {
    /// `GET`.
    pub fn look(&self, key: &str, now: Tick) -> Option<Looked<R>> {
        let stored = self
            .records
            .get(key)
            .filter(|stored| now < stored.expires)?;
        Some(Looked {
            record: stored.record.clone(),
            remaining: stored.expires.since(now),
        })
    }

    /// `SET … NX GET`: puts the lease in the place of nothing, or answers with what is there.
    pub fn claim(&mut self, key: &str, lease: R, now: Tick, until: Tick) -> Option<Looked<R>> {
        let looked = self.look(key, now);
        if looked.is_none() {
            self.put(key, lease, now, until);
        }
        looked
    }

    /// `fill.lua` and `take_over.lua`: compare-and-set.
    pub fn replace(
        &mut self,
        key: &str,
        is_seen: impl FnOnce(&R) -> bool,
        record: R,
        now: Tick,
        until: Tick,
    ) -> bool {
        let same = self
            .look(key, now)
            .is_some_and(|looked| is_seen(&looked.record));
        let replaced = Guard::LeaseCompareAndSet.demands(same);
        if replaced {
            self.put(key, record, now, until);
        }
        replaced
    }

    /// `release.lua`: compare-and-delete.
    pub fn release(&mut self, key: &str, is_seen: impl FnOnce(&R) -> bool, now: Tick) {
        if self
            .look(key, now)
            .is_some_and(|looked| is_seen(&looked.record))
        {
            self.records.remove(key);
        }
    }

    /// `SET … PX`.
    pub fn put(&mut self, key: &str, record: R, now: Tick, expires: Tick) {
        self.records.insert(key.into(), Stored { record, expires });
        self.stored += 1;
        if self.stored.is_multiple_of(SWEEP_INTERVAL) {
            self.sweep(now);
        }
    }

    /// Whatever has expired is deleted, and a clock that steps back does not bring it back.
    pub fn sweep(&mut self, now: Tick) {
        self.records.retain(|_, stored| now < stored.expires);
    }
}
