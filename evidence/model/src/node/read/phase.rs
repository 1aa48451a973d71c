//! How far a read has come.

use unstale_core::{Canonical, Looked, Position, Snapshot, Tick, Witness};

use super::{Copy, Fill, Lease};
use crate::ledger::Version;
use crate::scope::Scope;
use crate::site::Record;

#[derive(Clone, PartialEq, Debug)]
pub(super) enum Phase {
    /// It looks into L1, and has seen until when the proof holds.
    Glanced { holds_until: Tick },
    /// It has taken the copy.
    Took { holds_until: Tick, copy: Copy },
    /// L1 had nothing for it.
    Missed,
    /// It knows how it may use L2.
    Boarded,
    /// A request for the lease, or the record that is there.
    Claiming { lease: Lease, asked: Tick },
    Occupied {
        lease: Lease,
        looked: Looked<Record>,
        asked: Tick,
    },
    /// A request to put the lease in the place of a record.
    TakingOver { lease: Lease, seen: Record },
    /// For what the load of another's lease brings, or to look again.
    Waiting { token: Option<u64> },
    /// A request for the record together with the server's bans.
    Guarding { ours: Witness, asked: Tick },
    Guarded {
        looked: Option<Looked<Record>>,
        snapshot: Option<Snapshot>,
        asked: Tick,
    },
    /// A request for the lease of a key that is missing.
    ClaimingMissing { lease: Lease },
    /// A request for the record alone.
    Looking { asked: Tick },
    Looked {
        looked: Option<Looked<Record>>,
        asked: Tick,
    },
    /// The loader is on its way to the source.
    Loading {
        lease: Option<Lease>,
        stamp: Position,
    },
    /// It has come back.
    Loaded {
        lease: Option<Lease>,
        stamp: Position,
        value: Version,
    },
    /// A request to fill L2.
    Filling { lease: Lease, fill: Fill },
    /// Filled, refused, or not tried.
    Filled {
        lease: Lease,
        fill: Fill,
        stored: Option<bool>,
    },
    /// L2 had it.
    Found { fill: Fill },
}

impl Phase {
    fn number(&self) -> u64 {
        match self {
            Phase::Glanced { .. } => 0,
            Phase::Took { .. } => 1,
            Phase::Missed => 2,
            Phase::Boarded => 3,
            Phase::Claiming { .. } => 4,
            Phase::Occupied { .. } => 5,
            Phase::TakingOver { .. } => 6,
            Phase::Waiting { .. } => 7,
            Phase::Guarding { .. } => 8,
            Phase::Guarded { .. } => 9,
            Phase::ClaimingMissing { .. } => 10,
            Phase::Looking { .. } => 11,
            Phase::Looked { .. } => 12,
            Phase::Loading { .. } => 13,
            Phase::Loaded { .. } => 14,
            Phase::Filling { .. } => 15,
            Phase::Filled { .. } => 16,
            Phase::Found { .. } => 17,
        }
    }

    pub(super) fn write(&self, to: &mut Canonical, scope: &Scope, now: Tick) {
        let asked_at = |to: &mut Canonical, asked: &Tick| to.since(*asked, scope.ttl(true));
        let looked_at = |to: &mut Canonical, looked: &Looked<Record>| {
            looked.record.write(to);
            to.span(looked.remaining);
        };
        to.number(self.number());
        match self {
            Phase::Glanced { holds_until } => to.until(*holds_until, now),
            Phase::Took { holds_until, copy } => {
                to.until(*holds_until, now);
                copy.write(to, now);
            }
            Phase::Missed | Phase::Boarded => {}
            Phase::Waiting { token } => to.option(*token, |to, token| to.token(token)),
            Phase::Claiming { lease, asked } => {
                lease.write(to);
                asked_at(to, asked);
            }
            Phase::Occupied {
                lease,
                looked,
                asked,
            } => {
                lease.write(to);
                looked_at(to, looked);
                asked_at(to, asked);
            }
            Phase::TakingOver { lease, seen } => {
                lease.write(to);
                seen.write(to);
            }
            Phase::Guarding { ours, asked } => {
                to.witness(*ours);
                asked_at(to, asked);
            }
            Phase::Looking { asked } => asked_at(to, asked),
            Phase::Guarded {
                looked,
                snapshot,
                asked,
            } => {
                to.option(looked.as_ref(), looked_at);
                to.option(snapshot.as_ref(), |to, snapshot| {
                    to.fenced(snapshot.fenced);
                    to.set(&snapshot.bans, |to, (ban, seq)| {
                        to.scope(ban);
                        to.number(*seq);
                    });
                });
                asked_at(to, asked);
            }
            Phase::ClaimingMissing { lease } => lease.write(to),
            Phase::Looked { looked, asked } => {
                to.option(looked.as_ref(), looked_at);
                asked_at(to, asked);
            }
            Phase::Loading { lease, stamp } => {
                to.option(*lease, |to, lease| lease.write(to));
                to.position(*stamp);
            }
            Phase::Loaded {
                lease,
                stamp,
                value,
            } => {
                to.option(*lease, |to, lease| lease.write(to));
                to.position(*stamp);
                to.number((*value).into());
            }
            Phase::Filling { lease, fill } => {
                lease.write(to);
                fill.write(to, now);
            }
            Phase::Filled {
                lease,
                fill,
                stored,
            } => {
                lease.write(to);
                fill.write(to, now);
                to.option(*stored, Canonical::flag);
            }
            Phase::Found { fill } => fill.write(to, now),
        }
    }
}
