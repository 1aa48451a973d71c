//! Following the server: its history, its log, and the proof.

use std::time::Duration;

use super::{Copies, Partition, Snapshot};
use crate::guard::Guard;
use crate::known::Known;
use crate::message::Message;
use crate::position::{Fenced, Place, Position};
use crate::tick::Tick;

/// What became of a log entry.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Received {
    /// It was the next one, and is applied.
    Applied,
    /// It was known before.
    Old,
    /// Entries before it are missing, or the history changed: resynchronise.
    Gap,
    /// It does not belong to the history that is known: that was broken, and needs a new epoch.
    Disowned,
}

impl Partition {
    /// Takes note of what a fence answered, on whichever connection. False when the answer is of
    /// an older history than this instance has seen, or of one that was broken: that connection must
    /// be fenced again, with ours, before it is used.
    pub fn adopt(&mut self, fenced: Fenced, copies: &mut impl Copies) -> bool {
        match self.history {
            Some(ours) if fenced.history.is(ours) => {
                if !self.learn(fenced) {
                    return false;
                }
                self.confirm_ttl(fenced.longest_ttl);
                true
            }
            Some(ours) if Guard::EpochNeverGoesBack.forbids(fenced.history.epoch <= ours.epoch) => {
                false
            }
            _ => {
                self.begin_epoch(fenced, copies);
                true
            }
        }
    }

    fn begin_epoch(&mut self, fenced: Fenced, copies: &mut impl Copies) {
        self.history = Some(fenced.history);
        self.disowned = false;
        self.cursor = Place::default();
        self.known = Known::default();
        self.known.learn(fenced, 0);
        self.bans.forget_acknowledged();
        if Guard::NewEpochResynchronises.holds() {
            self.synced = false;
        }
        if Guard::TtlPerEpoch.holds() {
            self.confirmed_ttl = Duration::ZERO;
        }
        self.confirm_ttl(fenced.longest_ttl);
        if Guard::NewEpochWithdrawsProof.holds() {
            self.proof.withdraw();
        }
        if Guard::NewEpochStartsEmpty.holds() {
            self.drop_everything(copies);
        }
    }

    /// Takes note of a place that the server told of in this history. False when that is broken, or
    /// more of it is known than can be compared.
    pub(super) fn learn(&mut self, fenced: Fenced) -> bool {
        if self.known.contradicts(fenced.place()) {
            self.disown();
        } else if !self.disowned {
            self.known.learn(fenced, self.cursor.seq);
            self.disown_if_overflowed();
        }
        !self.disowned
    }

    fn disown_if_overflowed(&mut self) {
        if self.known.has_overflowed() {
            self.disown();
        }
    }

    /// The server went back, and gave positions a second time. Others may go on with what it lost, so
    /// starting over in this history is not enough.
    fn disown(&mut self) {
        self.disowned = true;
        self.synced = false;
        self.proof.withdraw();
    }

    /// A probe sent at `sent` was answered. False when the reader has to resynchronise.
    pub fn probed(&mut self, sent: Tick, fenced: Fenced, copies: &mut impl Copies) -> bool {
        if !self.adopt(fenced, copies) {
            self.synced = false;
        }
        if self.synced {
            self.proof.probed(sent, fenced.tail, self.cursor.seq);
        }
        self.synced
    }

    /// Applies the next log entry. An own one that was acknowledged only moves the cursor: its
    /// effects were applied when it was sent and when it was acknowledged.
    pub fn receive(
        &mut self,
        position: Position,
        message: &Message,
        own: bool,
        now: Tick,
        copies: &mut impl Copies,
    ) -> Received {
        let at = self.position();
        let place = Place {
            seq: position.seq,
            id: message.id,
        };
        if position.epoch == at.epoch && self.known.contradicts(place) {
            self.disown();
            return Received::Disowned;
        }
        if position.epoch < at.epoch || (self.synced && position <= at) {
            return Received::Old;
        }
        if !self.synced
            || position.epoch > at.epoch
            || Guard::GapDetection.forbids(position.seq != at.seq + 1)
        {
            self.synced = false;
            return Received::Gap;
        }
        let is_next = position.seq == at.seq + 1;
        if Guard::ChainIsCompared.forbids(is_next && message.before != self.cursor.id) {
            self.disown();
            return Received::Disowned;
        }
        if !own {
            for change in &message.changes {
                self.apply(change, position, now, copies);
            }
        }
        if let Some(ttl) = message.longest_ttl {
            self.confirm_ttl(ttl);
        }
        self.cursor = place;
        self.known.advance(place);
        self.proof.advanced(place.seq);
        if !Guard::OnlyProbesProve.holds() {
            self.proof.probed(now, place.seq, place.seq);
        }
        Received::Applied
    }

    /// Entries up to the tail of an answered probe were due by now. False when the reader has
    /// not got them and has to resynchronise: they are lost.
    pub fn is_complete(&mut self) -> bool {
        let awaited = self.proof.awaited_tail();
        if Guard::LostTail.forbids(awaited.is_some_and(|tail| tail > self.cursor.seq)) {
            self.synced = false;
        }
        self.synced
    }

    /// Something in the log could not be understood: the reader has to resynchronise.
    pub fn lose_track(&mut self) {
        self.synced = false;
    }

    /// Starts over from what the server says, in one step. False when the snapshot is of an older
    /// history, or the history has gone back since: then the fence begins a new one. Bans are merged,
    /// not replaced: an own one may have been acknowledged meanwhile.
    pub fn resume(&mut self, snapshot: &Snapshot, now: Tick, copies: &mut impl Copies) -> bool {
        if !self.adopt(snapshot.fenced, copies) || snapshot.fenced.tail < self.cursor.seq {
            return false;
        }
        if !Guard::ResyncMergesBans.holds() {
            self.bans.forget_acknowledged();
        }
        let epoch = snapshot.fenced.history.epoch;
        for (scope, seq) in &snapshot.bans {
            self.bans.add(scope, Position { epoch, seq: *seq }, now);
        }
        let tail = snapshot.fenced.place();
        self.known.skip(self.cursor, tail);
        self.disown_if_overflowed();
        if self.disowned {
            return false;
        }
        self.cursor = tail;
        self.synced = true;
        if Guard::ResyncStartsEmpty.holds() {
            self.drop_everything(copies);
        }
        self.proof.resumed(tail.seq);
        self.tidy(now);
        true
    }

    fn confirm_ttl(&mut self, ttl: Duration) {
        self.confirmed_ttl = self.confirmed_ttl.max(ttl);
        self.raise_longest_ttl(ttl);
    }

    fn drop_everything(&mut self, copies: &mut impl Copies) {
        self.keys.revoke_where(|_| true);
        self.floor = self.bans.count_arrival();
        copies.drop_all();
    }
}
