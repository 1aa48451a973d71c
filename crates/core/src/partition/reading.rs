//! Reading: what may be served, joined and stored.

use std::sync::Arc;
use std::time::Duration;

use super::Partition;
use crate::ban::Validity;
use crate::flight::{Arrival, Boarding};
use crate::guard::Guard;
use crate::position::Position;
use crate::tick::Tick;
use crate::ticket::Ticket;

/// How a read may use L2.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Reach {
    /// A plain read; the bans known here decide.
    Direct,
    /// Only together with the bans that the server knows: this instance may have missed some.
    Guarded,
    /// Not at all: the source alone is sure to be new enough.
    SourceOnly,
}

impl Partition {
    /// Whether a copy last checked when `checked` bans had arrived is still valid.
    pub fn validity(
        &self,
        key: &str,
        tags: &[Arc<str>],
        stamp: Position,
        checked: u64,
    ) -> Validity {
        if self.is_from_before_the_floor(checked) || self.bans.forbid(key, tags, stamp, checked) {
            return Validity::Banned;
        }
        Validity::Valid {
            checked: self.checked_now(),
        }
    }

    /// How a read of this key that has to see `at_least` may use L2.
    pub fn reach(&self, key: &str, at_least: Position, now: Tick) -> Reach {
        let at = self.position();
        if self.history.is_none()
            || self.disowned
            || Guard::UnknownEpochNeedsSource.forbids(at_least.epoch > at.epoch)
            || self.keys.is_pending(key)
            || self.bans.pending_for(key, &[])
        {
            Reach::SourceOnly
        } else if Guard::ServersBansWithoutProof.forbids(now >= self.holds_until())
            || Guard::TokenNeedsServersBans.forbids(at_least > at)
        {
            // What the server is not told of it may have lost, and the bans with it.
            if Guard::KnownEntryIsCompared.forbids(!self.known.tells_all()) {
                Reach::SourceOnly
            } else {
                Reach::Guarded
            }
        } else {
            Reach::Direct
        }
    }

    /// Whether a record of L2 with this stamp may be used.
    pub fn accepts(&self, key: &str, tags: &[Arc<str>], stamp: Position) -> bool {
        Guard::RecordsOfThisEpoch.demands(stamp.epoch == self.history().epoch)
            && !self.disowned
            && !self.keys.is_pending(key)
            && !self.bans.pending_for(key, tags)
            && !Guard::BansJudgeRecords.forbids(self.bans.forbid(key, tags, stamp, 0))
    }

    /// Whether a load with this stamp can be used by this instance: no ban known here may come
    /// after it.
    pub fn is_recent_enough(&self, key: &str, stamp: Position) -> bool {
        stamp.epoch == self.history().epoch
            && !Guard::BansJudgeLeases.forbids(self.bans.forbid(key, &[], stamp, 0))
    }

    /// Opens a ticket for a read that shares nothing with others.
    pub fn open_ticket(&mut self, key: &Arc<str>) -> Ticket {
        self.keys.open_ticket(key)
    }

    /// A reader who has to see `at_least` found nothing in L1: he joins a flight, leads one, or
    /// waits. His token is only compared: it came from outside, and must not make anything that
    /// is stored look newer than it is.
    pub fn arrive(&mut self, key: &Arc<str>, at_least: Position, now: Tick) -> Arrival {
        let boarding = Boarding {
            now,
            proven: now < self.holds_until(),
            at_least,
            applied: self.position(),
            max_staleness: self.limits.max_staleness,
            load_timeout: self.limits.load_timeout,
        };
        self.keys.arrive(key, boarding)
    }

    /// A flight is over, whatever came of it.
    pub fn land(&mut self, key: &str, ticket: Ticket) {
        self.keys.land(key, ticket);
    }

    /// Spends a ticket: the count to check the copy from when it may be inserted into L1. Bans
    /// are kept for as long as the copy may live.
    pub fn admit(
        &mut self,
        ticket: Ticket,
        key: &str,
        tags: &[Arc<str>],
        stamp: Position,
        ttl: Duration,
    ) -> Option<u64> {
        let alive = self.keys.spend(key, ticket);
        self.raise_longest_ttl(ttl);
        (Guard::Ticket.demands(alive) && self.accepts(key, tags, stamp)).then(|| self.checked_now())
    }

    /// What a copy remembers of having been compared with every ban that is known.
    fn checked_now(&self) -> u64 {
        if Guard::ArrivalsNotPositions.holds() {
            self.bans.arrived()
        } else {
            self.known.newest().seq
        }
    }

    fn is_from_before_the_floor(&self, checked: u64) -> bool {
        Guard::ArrivalsNotPositions.forbids(checked < self.floor)
    }
}
