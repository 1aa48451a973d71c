//! One read with all its stops: L1, flight, L2, lease, source, fill. As `read/` drives it.

use unstale_core::{Canonical, Position, Reach, Tick, Ticket};

use super::{Around, Copy, NAMES, Node, tags};
use crate::ledger::{Floor, Version};
use crate::promise::Violation;
use crate::scope::{How, KEYS, Scope};
use crate::site::Record;

mod answer;
mod fill;
mod flight;
mod hand_over;
mod keep;
mod l2;
mod lease;
mod phase;
mod slow_hit;
mod steps;

use fill::Fill;
use lease::Lease;
use phase::Phase;
use steps::Next;

/// A load, or any read that is taken step by step, on behalf of everybody who joins it.
#[derive(Clone, Debug)]
pub(crate) struct Read {
    pub(crate) key: usize,
    how: How,
    /// The write that it was asked to see, and its token.
    token: Option<usize>,
    at_least: Position,
    /// What it has to bring, for the sake of everybody who waits for it.
    floors: [Floor; 3],
    /// What it loads lives longer than anything before.
    long: bool,
    ticket: Option<Ticket>,
    reach: Reach,
    phase: Phase,
    /// What the load of the lease that it has seen has brought.
    handed_over: Option<Record>,
}

impl Read {
    fn new(key: usize, how: How, token: Option<usize>, long: bool, around: &Around<'_>) -> Self {
        let (by, now) = (around.by, around.now);
        let at_least = token.and_then(|index| around.ledger.token(index));
        Self {
            key,
            how,
            token,
            at_least: at_least.unwrap_or(Position::ORIGIN),
            floors: around.ledger.floors(by, key, token, now, around.scope),
            long,
            ticket: None,
            reach: Reach::SourceOnly,
            phase: Phase::Missed,
            handed_over: None,
        }
    }

    /// The copy that it has taken out of L1.
    pub(crate) fn copy_in_hand(&self) -> Option<&Copy> {
        match &self.phase {
            Phase::Took { copy, .. } => Some(copy),
            _ => None,
        }
    }

    /// Whether a server has something to do for it.
    pub(crate) fn is_under_way(&self) -> bool {
        matches!(
            self.phase,
            Phase::Claiming { .. }
                | Phase::TakingOver { .. }
                | Phase::Guarding { .. }
                | Phase::ClaimingMissing { .. }
                | Phase::Looking { .. }
                | Phase::Filling { .. }
        )
    }

    /// Whether L2 has refused what it loaded.
    fn was_refused(&self) -> bool {
        let stored = match self.phase {
            Phase::Filled { stored, .. } => stored,
            _ => None,
        };
        stored == Some(false)
    }

    pub(crate) fn is_waiting(&self) -> bool {
        matches!(self.phase, Phase::Waiting { .. })
    }

    /// Whether it has seen this lease, and waits for it, or will.
    fn has_seen(&self, token: u64) -> bool {
        match &self.phase {
            Phase::Waiting { token: seen } => *seen == Some(token),
            Phase::Occupied { looked, .. } => {
                looked.record.value.is_none() && looked.record.token == token
            }
            _ => false,
        }
    }

    fn goes(&mut self, phase: Phase) {
        self.phase = phase;
        // It counts only for as long as it is waited for.
        if !self.is_waiting() {
            self.handed_over = None;
        }
    }

    /// Whether it waits, and may stop because the load has ended.
    pub(crate) fn may_share(&self) -> bool {
        self.is_waiting() && self.handed_over.is_some()
    }

    /// What the server would do should its request arrive late: a lease, or a value on one.
    pub(crate) fn request(&self, scope: &Scope) -> Option<(Record, Option<Record>)> {
        match self.phase {
            Phase::Claiming { lease, .. } | Phase::ClaimingMissing { lease } => {
                Some((lease.record(scope), None))
            }
            Phase::Filling { lease, fill } => {
                let value = Record {
                    token: lease.token,
                    stamp: fill.stamp,
                    value: Some(fill.value),
                    ttl: scope.ttl(fill.long),
                };
                Some((lease.record(scope), Some(value)))
            }
            _ => None,
        }
    }

    /// Somebody else waits for it too.
    fn owes(&mut self, floors: [Floor; 3]) -> bool {
        let mut more = false;
        for (floor, other) in self.floors.iter_mut().zip(floors) {
            more |= other.1 > floor.1;
            floor.1 = floor.1.max(other.1);
        }
        more
    }

    /// Whether it brings less than it owes.
    fn check(&self, by: usize, value: Version) -> Result<(), Violation> {
        match self.floors.iter().find(|(_, floor)| value < *floor) {
            None => Ok(()),
            Some((promise, floor)) => Err(Violation {
                promise: *promise,
                what: format!(
                    "a read of {} on {} returns version {value}, and had to see {floor}",
                    KEYS[self.key], NAMES[by]
                ),
            }),
        }
    }

    pub(crate) fn write(&self, to: &mut Canonical, scope: &Scope, now: Tick) {
        to.number(self.key as u64);
        to.number(self.how as u64);
        to.position(self.at_least);
        to.list(self.floors, |to, (_, floor)| to.number(floor.into()));
        to.flag(self.long);
        to.option(self.ticket, Canonical::ticket);
        to.number(self.reach as u64);
        self.phase.write(to, scope, now);
        to.option(self.handed_over.as_ref(), |to, record| record.write(to));
    }
}
