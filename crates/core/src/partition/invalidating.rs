//! Invalidating: what a removal does here, before and after it is acknowledged.

use std::time::Duration;

use super::{Copies, Partition};
use crate::guard::Guard;
use crate::message::Change;
use crate::position::{Appended, Position};
use crate::tick::Tick;

impl Partition {
    /// A removal of our own begins: from here on no older value is served or stored here.
    pub fn begin(&mut self, change: &Change, now: Tick, copies: &mut impl Copies) {
        match change {
            Change::Key(key) => self.keys.begin(key),
            Change::Ban(scope) => self.bans.begin(scope, now),
        }
        if Guard::FirstDrop.holds() {
            self.drop_covered(change, copies);
        }
    }

    /// `count` removals that asked for this change were executed there. False, and they stay pending,
    /// when that is not in the current epoch, or in a history that was broken.
    pub fn acknowledge(
        &mut self,
        change: &Change,
        count: u32,
        appended: Appended,
        now: Tick,
        copies: &mut impl Copies,
    ) -> bool {
        let position = appended.position();
        if self.disowned
            || Guard::AcknowledgedInThisEpoch.forbids(position.epoch != self.history().epoch)
        {
            return false;
        }
        // It is adopted once, and acknowledges many changes.
        let is_known = self.known.newest() == appended.place();
        if !is_known && !self.learn(appended.fenced()) {
            return false;
        }
        if Guard::SecondDrop.holds() {
            self.drop_covered(change, copies);
        }
        self.record_ban(change, position, now);
        self.end(change, count, now);
        true
    }

    /// The answer to what was sent under this id, if this entry of the log, which was received, is it: what
    /// an entry says was done before it was appended. None of a history that is over.
    pub fn answer_in_log(&self, sent: u64, position: Position, id: u64) -> Option<Appended> {
        let history = self.history();
        let is_answer = Guard::EntryAnswersItsBatch.demands(id == sent);
        (is_answer && position.epoch == history.epoch).then(|| Appended {
            history,
            seq: position.seq,
            id,
            kept: Default::default(),
        })
    }

    /// Ends `count` pendings of this change without an acknowledgement: something broader, still
    /// pending, took their place, or nothing was sent.
    pub fn end(&mut self, change: &Change, count: u32, now: Tick) {
        match change {
            Change::Key(key) => self.keys.end(key, count),
            Change::Ban(scope) => (0..count).for_each(|_| self.bans.end(scope, now)),
        }
    }

    /// Without a server: executes a change, and returns the position that it gave to it.
    pub fn execute(&mut self, change: &Change, now: Tick, copies: &mut impl Copies) -> Position {
        self.cursor.seq += 1;
        let appended = Appended {
            history: self.history(),
            seq: self.cursor.seq,
            id: self.cursor.id,
            kept: Default::default(),
        };
        self.known.advance(appended.place());
        self.begin(change, now, copies);
        self.acknowledge(change, 1, appended, now, copies);
        appended.position()
    }

    /// A value will live so long: from now on every fence asks the server to keep bans for it.
    pub fn raise_longest_ttl(&mut self, ttl: Duration) {
        self.longest_ttl = self.longest_ttl.max(ttl);
    }

    /// Forgets bans that forbid nothing any longer, and folds those that are too many.
    pub fn tidy(&mut self, now: Tick) {
        self.bans.prune(now, self.ban_retention());
        self.bans.fold(self.limits.max_bans, now);
    }

    /// What an executed change does to this instance, whoever asked for it.
    pub(super) fn apply(
        &mut self,
        change: &Change,
        position: Position,
        now: Tick,
        copies: &mut impl Copies,
    ) {
        self.drop_covered(change, copies);
        self.record_ban(change, position, now);
    }

    /// Copies that a ban covers need not be dropped: it forbids them.
    fn drop_covered(&mut self, change: &Change, copies: &mut impl Copies) {
        match change {
            Change::Key(key) => {
                self.keys.revoke(key);
                copies.drop_key(key);
            }
            Change::Ban(scope) => self.keys.revoke_where(|key| scope.may_cover(key)),
        }
    }

    fn record_ban(&mut self, change: &Change, position: Position, now: Tick) {
        if let Change::Ban(scope) = change {
            self.bans.add(scope, position, now);
            if self.bans.len() > self.limits.max_bans {
                self.tidy(now);
            }
        }
    }
}
