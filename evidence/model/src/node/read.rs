//! One read with all its stops: L1, flight, L2, lease, source, fill. As `read/` drives it.

use unstale_core::{
    Arrival, Canonical, Guard, Looked, Position, Reach, Snapshot, Tick, Ticket, Witness,
};

use super::{Around, Copy, Node, tags};
use crate::ledger::{Floor, Version};
use crate::promise::Violation;
use crate::scope::{How, KEYS, Scope};
use crate::site::{Peer, Record};
use crate::tale::{Mark, say};

mod steps;

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
}

/// The right to fill one key in L2: a record that says who may.
#[derive(Copy, Clone, PartialEq, Debug)]
struct Lease {
    token: u64,
    stamp: Position,
}

#[derive(Clone, PartialEq, Debug)]
enum Phase {
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
    /// For another's fill.
    Waiting,
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

/// A value that is to be kept.
#[derive(Copy, Clone, PartialEq, Debug)]
struct Fill {
    value: Version,
    stamp: Position,
    lives_until: Tick,
    long: bool,
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
        self.phase == Phase::Waiting
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
                    KEYS[self.key],
                    super::NAMES[by]
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
    }
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
            Phase::Waiting => 7,
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

    fn write(&self, to: &mut Canonical, scope: &Scope, now: Tick) {
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
            Phase::Missed | Phase::Boarded | Phase::Waiting => {}
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

impl Lease {
    fn write(self, to: &mut Canonical) {
        to.token(self.token);
        to.position(self.stamp);
    }

    /// As L2 holds it.
    fn record(self, scope: &Scope) -> Record {
        Record {
            token: self.token,
            stamp: self.stamp,
            value: None,
            ttl: scope.limits().lease_ttl,
        }
    }

    /// Whether this is what L2 holds.
    fn is(self, record: &Record) -> bool {
        record.token == self.token && record.value.is_none()
    }
}

impl Fill {
    fn write(self, to: &mut Canonical, now: Tick) {
        to.number(self.value.into());
        to.position(self.stamp);
        to.until(self.lives_until, now);
        to.flag(self.long);
    }
}

impl Node {
    /// Somebody reads: he joins a flight, waits for one, or leads one. True when it is a read of
    /// its own from now on.
    pub(crate) fn arrive(
        &mut self,
        key: usize,
        how: How,
        token: Option<usize>,
        long: bool,
        around: &mut Around<'_>,
    ) -> bool {
        let mut read = Read::new(key, how, token, long, around);
        if around.scope.slow.hits {
            let holds_until = self.partition.holds_until();
            if self.may_use_l1(read.at_least) {
                read.phase = Phase::Glanced { holds_until };
            }
            self.reads.push(read);
            return true;
        }
        self.board(read, around)
    }

    /// A failover was survived: what it lost is not owed by reads that are under way either, as
    /// [`Ledger::fail_over`](crate::ledger::Ledger::fail_over) says.
    pub(crate) fn forgive_reads(&mut self, around: &Around<'_>) {
        let (by, now) = (around.by, around.now);
        for read in &mut self.reads {
            let (key, token) = (read.key, read.token);
            let owed = around.ledger.floors(by, key, token, now, around.scope);
            for (floor, still) in read.floors.iter_mut().zip(owed) {
                floor.1 = floor.1.min(still.1);
            }
        }
    }

    /// Somebody reads, and looks into L1 only once.
    pub(crate) fn load(&mut self, key: usize, around: &mut Around<'_>) {
        let read = Read::new(key, How::Load, None, false, around);
        self.board(read, around);
    }

    /// Somebody reads who will not lead: he joins a flight, or is of no interest.
    pub(crate) fn join_only(&mut self, key: usize, token: Option<usize>, around: &mut Around<'_>) {
        let mut trial = self.clone();
        if !trial.arrive(key, How::Load, token, false, around) {
            *self = trial;
        }
    }

    /// True when it leads a flight, or shares nothing.
    fn board(&mut self, mut read: Read, around: &mut Around<'_>) -> bool {
        let (name, now) = (KEYS[read.key].into(), around.now);
        read.phase = Phase::Boarded;
        if read.how == How::Load {
            match self.partition.arrive(&name, read.at_least, now) {
                Arrival::Lead(ticket) => read.ticket = Some(ticket),
                Arrival::Join(ticket) => {
                    let flight = |other: &&mut Read| other.ticket == Some(ticket);
                    around.tale.mark(Mark::Join);
                    if let Some(flight) = self.reads.iter_mut().find(flight)
                        && flight.owes(read.floors)
                    {
                        say!(
                            around.tale,
                            "another read of {name} joins the load that is under way"
                        );
                    }
                    return false;
                }
                Arrival::Wait(_) => {
                    around.tale.mark(Mark::Wait);
                    return false;
                }
            }
        } else {
            read.ticket = Some(self.partition.open_ticket(&name));
        }
        read.reach = self.partition.reach(&name, read.at_least, now);
        if read.reach == Reach::SourceOnly {
            around.tale.mark(Mark::SourceOnly);
        }
        say!(around.tale, "begins to read {name} ({:?})", read.reach);
        if !around.scope.slow.loads {
            // One that has nothing to ask for learns so in its next step.
            if let Next::Goes(phase) = self.ask(&read, around) {
                read.phase = phase;
            }
        }
        self.reads.push(read);
        true
    }

    /// Whether L2 has it, as far as this read may tell.
    fn judge(&self, key: usize, looked: &Looked<Record>, asked: Tick) -> Option<Fill> {
        let record = &looked.record;
        let value = record.value?;
        let accepted = self.partition.accepts(KEYS[key], &tags(key), record.stamp);
        accepted.then(|| Fill {
            value,
            stamp: record.stamp,
            lives_until: asked + looked.remaining.min(record.ttl),
            long: false,
        })
    }

    /// What L2 would answer to a plain look, if this instance may look at all.
    pub(crate) fn look_now(
        &self,
        key: usize,
        at_least: Position,
        around: &Around<'_>,
    ) -> Option<Version> {
        let (peer, epoch) = self.line.in_service()?;
        let now = around.now;
        if Guard::RefenceWhenBehind.forbids(epoch < self.history().epoch) {
            // It would be fenced again first.
            return None;
        }
        let looked = around.site.look(peer, key, now)?;
        match self.partition.reach(KEYS[key], at_least, now) {
            Reach::SourceOnly => None,
            Reach::Direct => Some(self.judge(key, &looked, now)?.value),
            Reach::Guarded if peer == Peer::Replica => None,
            Reach::Guarded => {
                let ours = self.partition.witness();
                let (_, snapshot) = around.site.look_guarded(key, ours, now);
                let snapshot = snapshot?;
                // Of its own history it learns nothing that it judges by.
                let is_ours = snapshot.fenced.history == self.history();
                let adopting = (!is_ours).then(|| {
                    let mut after = self.clone();
                    let adopted = after.partition.adopt(snapshot.fenced, &mut after.shelf);
                    (after, adopted)
                });
                let (after, adopted) = match &adopting {
                    Some((after, adopted)) => (after, *adopted),
                    None => (self, true),
                };
                let stamp = looked.record.stamp;
                let accepted = snapshot.accepts(KEYS[key], &tags(key), stamp);
                let found = after.judge(key, &looked, now)?;
                (adopted && accepted).then_some(found.value)
            }
        }
    }
}
