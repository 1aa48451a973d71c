//! Flights: who joins one, waits for one, or leads one, and how it ends.

use unstale_core::{Arrival, Reach};

use super::{Around, Next, Node, Phase, Read};
use crate::scope::{How, KEYS};
use crate::tale::{Mark, say};

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
    pub(super) fn board(&mut self, mut read: Read, around: &mut Around<'_>) -> bool {
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

    pub(super) fn land(&mut self, index: usize) {
        let read = self.reads.remove(index);
        if let Some(ticket) = read.ticket {
            self.partition.land(KEYS[read.key], ticket);
        }
    }

    /// Whoever waits for it gives up.
    pub(crate) fn cancel(&mut self, index: usize, around: &mut Around<'_>) {
        let read = self.reads[index].clone();
        self.land(index);
        say!(around.tale, "its read is cancelled");
        let lease = match read.phase {
            Phase::Claiming { lease, .. }
            | Phase::Occupied { lease, .. }
            | Phase::TakingOver { lease, .. }
            | Phase::ClaimingMissing { lease }
            | Phase::Filling { lease, .. }
            | Phase::Loading {
                lease: Some(lease), ..
            }
            | Phase::Loaded {
                lease: Some(lease), ..
            } => lease,
            _ => return,
        };
        self.release(read.key, lease, around);
    }
}
