//! One partition as one instance knows it: the protocol's decisions in one place.

use std::sync::Arc;
use std::time::Duration;

use super::ban::{Bans, Scope, Validity};
use super::flight::{Arrival, Boarding};
use super::keys::Keys;
use super::message::{Change, Message};
use super::position::{Fenced, History, Position};
use super::proof::Proof;
use super::tick::Tick;
use super::ticket::Ticket;

/// Server and instance may disagree on how long a ban has been kept by this much.
const CLOCK_MARGIN: Duration = Duration::from_secs(2);

/// The copies in L1, as far as the protocol is concerned.
pub(crate) trait Copies {
    /// Drops the copy of one key.
    fn drop_key(&mut self, key: &str);
    /// Drops every copy of the partition.
    fn drop_all(&mut self);
}

/// The spans and bounds that the protocol's decisions depend on.
#[derive(Copy, Clone, Debug)]
pub(crate) struct Limits {
    /// L1 is served for this long after the last proof.
    pub(crate) max_staleness: Duration,
    /// A load that takes longer no longer counts as a flight.
    pub(crate) load_timeout: Duration,
    /// A lease is held for at most this long.
    pub(crate) lease_ttl: Duration,
    /// More bans than this are folded into broader ones.
    pub(crate) max_bans: usize,
}

/// What became of a log entry.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(crate) enum Received {
    /// It was the next one, and is applied.
    Applied,
    /// It was known before.
    Old,
    /// Entries before it are missing, or the history changed: resynchronise.
    Gap,
}

/// How a read may use L2.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(crate) enum Reach {
    /// A plain read; the bans known here decide.
    Direct,
    /// Only together with the bans that the server knows: this instance may have missed some.
    Guarded,
    /// Not at all: the source alone is sure to be new enough.
    SourceOnly,
}

/// Everything that `meta` says: what a resynchronisation starts from.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Snapshot {
    pub(crate) fenced: Fenced,
    pub(crate) bans: Vec<(Scope, u64)>,
}

impl Snapshot {
    /// Whether a record read together with this snapshot may be used, now, on the server's word.
    pub(crate) fn accepts(&self, key: &str, tags: &[Arc<str>], stamp: Position) -> bool {
        let mut bans = Bans::default();
        let epoch = self.fenced.history.epoch;
        for (scope, seq) in &self.bans {
            bans.add(scope, Position { epoch, seq: *seq }, Tick::default());
        }
        stamp.epoch == epoch && !bans.forbid(key, tags, stamp, 0)
    }
}

/// One slice of the key space as one instance knows it.
#[derive(Debug)]
pub(crate) struct Partition {
    limits: Limits,
    history: Option<History>,
    /// Everything up to here has been applied.
    cursor: u64,
    /// The cursor is meaningful: nothing between it and the log is known to be missing.
    synced: bool,
    /// The highest position known to be executed.
    known: Position,
    proof: Proof,
    bans: Bans,
    /// Copies that were last checked before this count of arrivals are dropped.
    floor: u64,
    keys: Keys,
    /// The longest life of any value, as far as this instance ever knew.
    longest_ttl: Duration,
    /// The longest TTL that the server is known to keep bans for, in this epoch.
    confirmed_ttl: Duration,
}

impl Partition {
    /// A partition that has not met its server yet: nothing is proven.
    pub(crate) fn new(limits: Limits, longest_ttl: Duration) -> Self {
        Self {
            limits,
            history: None,
            cursor: 0,
            synced: false,
            known: Position::ORIGIN,
            proof: Proof::new(limits.max_staleness),
            bans: Bans::default(),
            floor: 0,
            keys: Keys::default(),
            longest_ttl,
            confirmed_ttl: Duration::ZERO,
        }
    }

    /// A partition without a server: this instance is the only one, and writes the history itself.
    pub(crate) fn alone(limits: Limits, longest_ttl: Duration) -> Self {
        let history = History { epoch: 1, nonce: 0 };
        Self {
            history: Some(history),
            synced: true,
            known: Position {
                epoch: history.epoch,
                seq: 0,
            },
            proof: Proof::standing(limits.max_staleness),
            ..Self::new(limits, longest_ttl)
        }
    }

    // ---- What is known ------------------------------------------------------------------

    pub(crate) fn history(&self) -> History {
        self.history.unwrap_or_default()
    }

    /// The highest position known to be executed: the stamp of a load that begins now.
    pub(crate) fn known(&self) -> Position {
        self.known
    }

    /// Everything up to here has been applied.
    pub(crate) fn position(&self) -> Position {
        Position {
            epoch: self.history().epoch,
            seq: self.cursor,
        }
    }

    pub(crate) fn is_synced(&self) -> bool {
        self.synced
    }

    pub(crate) fn proven_at(&self) -> Option<Tick> {
        self.proof.proven_at()
    }

    /// L1 may be served before this.
    pub(crate) fn holds_until(&self) -> Tick {
        self.proof.holds_until()
    }

    pub(crate) fn bans_arrived(&self) -> u64 {
        self.bans.arrived()
    }

    pub(crate) fn bans(&self) -> usize {
        self.bans.len()
    }

    pub(crate) fn longest_ttl(&self) -> Duration {
        self.longest_ttl
    }

    /// Whether the server keeps bans long enough for a value that lives so long.
    pub(crate) fn is_ttl_allowed(&self, ttl: Duration) -> bool {
        self.confirmed_ttl >= ttl
    }

    /// How long a ban has to be remembered: until nothing it forbids can be left.
    pub(crate) fn ban_retention(&self) -> Duration {
        self.longest_ttl + self.ban_retention_beyond_ttl()
    }

    /// The part of [`Partition::ban_retention`] that does not depend on the longest TTL.
    pub(crate) fn ban_retention_beyond_ttl(&self) -> Duration {
        self.limits.lease_ttl.max(self.limits.max_staleness) + CLOCK_MARGIN
    }

    // ---- The server's history -----------------------------------------------------------

    /// Takes note of what a fence answered, on whichever connection. False when the answer is of
    /// an older history than this instance has seen: that connection must be fenced again, with
    /// ours, before it is used.
    pub(crate) fn adopt(&mut self, fenced: Fenced, copies: &mut impl Copies) -> bool {
        match self.history {
            Some(ours) if fenced.history == ours => {
                self.known = self.known.max(fenced.position());
                self.confirm_ttl(fenced.longest_ttl);
                true
            }
            Some(ours) if fenced.history.epoch <= ours.epoch => false,
            _ => {
                self.history = Some(fenced.history);
                self.cursor = 0;
                self.synced = false;
                self.known = fenced.position();
                self.bans.forget_acknowledged();
                self.confirmed_ttl = Duration::ZERO;
                self.confirm_ttl(fenced.longest_ttl);
                self.proof.withdraw();
                self.drop_everything(copies);
                true
            }
        }
    }

    /// A probe sent at `sent` was answered. False when the reader has to resynchronise.
    pub(crate) fn probed(&mut self, sent: Tick, fenced: Fenced, copies: &mut impl Copies) -> bool {
        if !self.adopt(fenced, copies) || fenced.tail < self.cursor {
            self.synced = false;
        }
        if self.synced {
            self.proof.probed(sent, fenced.tail, self.cursor);
        }
        self.synced
    }

    /// Applies the next log entry. An own one only moves the cursor: its effects were applied
    /// when it was sent and when it was acknowledged.
    pub(crate) fn receive(
        &mut self,
        position: Position,
        message: &Message,
        own: bool,
        now: Tick,
        copies: &mut impl Copies,
    ) -> Received {
        let at = self.position();
        if position.epoch < at.epoch || (self.synced && position <= at) {
            return Received::Old;
        }
        if !self.synced || position.epoch > at.epoch || position.seq != at.seq + 1 {
            self.synced = false;
            return Received::Gap;
        }
        if !own {
            for change in &message.changes {
                self.apply(change, position, now, copies);
            }
        }
        if let Some(ttl) = message.longest_ttl {
            self.confirm_ttl(ttl);
        }
        self.cursor = position.seq;
        self.known = self.known.max(position);
        self.proof.advanced(self.cursor);
        Received::Applied
    }

    /// Entries up to the tail of an answered probe were due by now. False when the reader has
    /// not got them and has to resynchronise: they are lost.
    pub(crate) fn is_complete(&mut self) -> bool {
        if self
            .proof
            .awaited_tail()
            .is_some_and(|tail| tail > self.cursor)
        {
            self.synced = false;
        }
        self.synced
    }

    /// Something in the log could not be understood: the reader has to resynchronise.
    pub(crate) fn lose_track(&mut self) {
        self.synced = false;
    }

    /// Starts over from what the server says, in one step. False when the snapshot is of an older
    /// history. Bans are merged, not replaced: an own one may have been acknowledged meanwhile.
    pub(crate) fn resume(
        &mut self,
        snapshot: &Snapshot,
        now: Tick,
        copies: &mut impl Copies,
    ) -> bool {
        if !self.adopt(snapshot.fenced, copies) {
            return false;
        }
        let epoch = snapshot.fenced.history.epoch;
        for (scope, seq) in &snapshot.bans {
            self.bans.add(scope, Position { epoch, seq: *seq }, now);
        }
        self.cursor = snapshot.fenced.tail;
        self.synced = true;
        self.drop_everything(copies);
        self.proof.advanced(self.cursor);
        self.tidy(now);
        true
    }

    // ---- Invalidation -------------------------------------------------------------------

    /// A removal of our own begins: from here on no older value is served or stored here.
    pub(crate) fn begin(&mut self, change: &Change, now: Tick, copies: &mut impl Copies) {
        match change {
            Change::Key(key) => {
                self.keys.begin(key);
                copies.drop_key(key);
            }
            Change::Ban(scope) => {
                self.bans.begin(scope, now);
                self.keys.revoke_where(|key| scope.may_cover(key));
            }
        }
    }

    /// `count` removals that asked for this change were executed at `position`. False, and they
    /// stay pending, when that is not in the current epoch.
    pub(crate) fn acknowledge(
        &mut self,
        change: &Change,
        count: u32,
        position: Position,
        now: Tick,
        copies: &mut impl Copies,
    ) -> bool {
        if position.epoch != self.history().epoch {
            return false;
        }
        self.known = self.known.max(position);
        self.apply(change, position, now, copies);
        self.end(change, count, now);
        true
    }

    /// Ends `count` pendings of this change without an acknowledgement: something broader, still
    /// pending, took their place, or nothing was sent.
    pub(crate) fn end(&mut self, change: &Change, count: u32, now: Tick) {
        match change {
            Change::Key(key) => self.keys.end(key, count),
            Change::Ban(scope) => (0..count).for_each(|_| self.bans.end(scope, now)),
        }
    }

    /// Without a server: executes a change, and returns the position that it gave to it.
    pub(crate) fn execute(
        &mut self,
        change: &Change,
        now: Tick,
        copies: &mut impl Copies,
    ) -> Position {
        self.cursor += 1;
        let position = self.position();
        self.begin(change, now, copies);
        self.acknowledge(change, 1, position, now, copies);
        position
    }

    /// A value will live so long: from now on every fence asks the server to keep bans for it.
    pub(crate) fn raise_longest_ttl(&mut self, ttl: Duration) {
        self.longest_ttl = self.longest_ttl.max(ttl);
    }

    /// Forgets bans that forbid nothing any longer, and folds those that are too many.
    pub(crate) fn tidy(&mut self, now: Tick) {
        self.bans.prune(now, self.ban_retention());
        self.bans.fold(self.limits.max_bans, now);
    }

    // ---- Reading ------------------------------------------------------------------------

    /// Whether a copy last checked when `checked` bans had arrived is still valid.
    pub(crate) fn validity(
        &self,
        key: &str,
        tags: &[Arc<str>],
        stamp: Position,
        checked: u64,
    ) -> Validity {
        if checked < self.floor || self.bans.forbid(key, tags, stamp, checked) {
            return Validity::Banned;
        }
        Validity::Valid {
            checked: self.bans.arrived(),
        }
    }

    /// How a read of this key that has to see `at_least` may use L2.
    pub(crate) fn reach(&self, key: &str, at_least: Position, now: Tick) -> Reach {
        let at = self.position();
        if self.history.is_none()
            || at_least.epoch > at.epoch
            || self.keys.is_pending(key)
            || self.bans.pending_for(key, &[])
        {
            Reach::SourceOnly
        } else if now >= self.holds_until() || at_least > at {
            Reach::Guarded
        } else {
            Reach::Direct
        }
    }

    /// Whether a record of L2 with this stamp may be used.
    pub(crate) fn accepts(&self, key: &str, tags: &[Arc<str>], stamp: Position) -> bool {
        stamp.epoch == self.history().epoch
            && !self.keys.is_pending(key)
            && !self.bans.pending_for(key, tags)
            && !self.bans.forbid(key, tags, stamp, 0)
    }

    /// Whether a load with this stamp can be used by this instance: no ban known here may come
    /// after it.
    pub(crate) fn is_recent_enough(&self, key: &str, stamp: Position) -> bool {
        stamp.epoch == self.history().epoch && !self.bans.forbid(key, &[], stamp, 0)
    }

    /// Opens a ticket for a read that shares nothing with others.
    pub(crate) fn open_ticket(&mut self, key: &Arc<str>) -> Ticket {
        self.keys.open_ticket(key)
    }

    /// A reader found nothing in L1: he joins a flight, leads one, or waits. A reader whose token
    /// says `at_least` thereby tells that it has been executed.
    pub(crate) fn arrive(&mut self, key: &Arc<str>, at_least: Position, now: Tick) -> Arrival {
        if at_least.epoch == self.history().epoch {
            self.known = self.known.max(at_least);
        }
        let boarding = Boarding {
            now,
            proven: now < self.holds_until(),
            at_least,
            max_staleness: self.limits.max_staleness,
            load_timeout: self.limits.load_timeout,
        };
        self.keys.arrive(key, self.known, boarding)
    }

    /// A flight is over, whatever came of it.
    pub(crate) fn land(&mut self, key: &str, ticket: Ticket) {
        self.keys.land(key, ticket);
    }

    /// Spends a ticket: the count to check the copy from when it may be inserted into L1.
    pub(crate) fn admit(
        &mut self,
        ticket: Ticket,
        key: &str,
        tags: &[Arc<str>],
        stamp: Position,
    ) -> Option<u64> {
        let alive = self.keys.spend(key, ticket);
        (alive && self.accepts(key, tags, stamp)).then(|| self.bans.arrived())
    }

    fn apply(&mut self, change: &Change, position: Position, now: Tick, copies: &mut impl Copies) {
        match change {
            Change::Key(key) => {
                self.keys.revoke(key);
                copies.drop_key(key);
            }
            Change::Ban(scope) => {
                self.bans.add(scope, position, now);
                self.keys.revoke_where(|key| scope.may_cover(key));
                if self.bans.len() > self.limits.max_bans {
                    self.tidy(now);
                }
            }
        }
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
