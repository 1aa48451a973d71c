//! The lease: the right to fill one key in L2, once.

use unstale_core::{Canonical, Position, Reach};

use super::{Around, Next, Node, Phase, Read};
use crate::scope::{KEYS, Scope};
use crate::site::{Peer, Record};
use crate::tale::say;

/// A record that says who may fill.
#[derive(Copy, Clone, PartialEq, Debug)]
pub(super) struct Lease {
    pub(super) token: u64,
    pub(super) stamp: Position,
}

impl Lease {
    pub(super) fn write(self, to: &mut Canonical) {
        to.token(self.token);
        to.position(self.stamp);
    }

    /// As L2 holds it.
    pub(super) fn record(self, scope: &Scope) -> Record {
        Record {
            token: self.token,
            stamp: self.stamp,
            value: None,
            ttl: scope.limits().lease_ttl,
        }
    }

    /// Whether this is what L2 holds.
    pub(super) fn is(self, record: &Record) -> bool {
        record.token == self.token && record.value.is_none()
    }
}

impl Node {
    fn draft(&self, around: &mut Around<'_>) -> Lease {
        Lease {
            token: around.fresh_name(),
            stamp: self.partition.known(),
        }
    }

    pub(super) fn claim(&mut self, read: &Read, around: &mut Around<'_>) -> Next {
        let (name, now) = (KEYS[read.key], around.now);
        let reach = self.partition.reach(name, read.at_least, now);
        if read.is_waiting() && reach != Reach::Direct {
            return self.load_without_lease();
        }
        let lease = self.draft(around);
        match self.use_line(around) {
            Some(_) => {
                say!(around.tale, "its read asks L2, with a lease in hand");
                Next::Goes(Phase::Claiming { lease, asked: now })
            }
            None => self.load_without_lease(),
        }
    }

    pub(super) fn claim_missing(&mut self, around: &mut Around<'_>) -> Next {
        let lease = self.draft(around);
        match self.use_line(around) {
            Some(_) => Next::Goes(Phase::ClaimingMissing { lease }),
            None => self.load_without_lease(),
        }
    }

    pub(super) fn load_without_lease(&self) -> Next {
        Next::Goes(self.loading_without_lease())
    }

    pub(super) fn loading_without_lease(&self) -> Phase {
        Phase::Loading {
            lease: None,
            stamp: self.partition.known(),
        }
    }

    /// Gives up waiting for another's fill.
    pub(crate) fn give_up_waiting(&mut self, index: usize) {
        let phase = self.loading_without_lease();
        self.reads[index].goes(phase);
    }

    pub(super) fn release(&mut self, key: usize, lease: Lease, around: &mut Around<'_>) {
        if self.use_line(around) == Some(Peer::Primary) {
            let now = around.now;
            let site = around.site();
            let clock = site.clock(now);
            site.primary
                .release(KEYS[key], |record| lease.is(record), clock);
        }
    }
}
