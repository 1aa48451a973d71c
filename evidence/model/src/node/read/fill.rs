//! Filling: what the source has is loaded, and stored in L2 on the lease.

use std::time::Duration;

use unstale_core::{Canonical, Guard, Position, Tick};

use super::{Around, Lease, Next, Node, Phase, Read};
use crate::ledger::Version;
use crate::tale::{Mark, say};

/// A value that is to be kept.
#[derive(Copy, Clone, PartialEq, Debug)]
pub(super) struct Fill {
    pub(super) value: Version,
    pub(super) stamp: Position,
    pub(super) lives_until: Tick,
    pub(super) long: bool,
}

impl Fill {
    pub(super) fn write(self, to: &mut Canonical, now: Tick) {
        to.number(self.value.into());
        to.position(self.stamp);
        to.until(self.lives_until, now);
        to.flag(self.long);
    }
}

impl Node {
    pub(super) fn load_from_source(
        &mut self,
        read: &Read,
        lease: Option<Lease>,
        stamp: Position,
        around: &mut Around<'_>,
    ) -> Next {
        let value = around.ledger.source[read.key];
        around.tale.mark(Mark::Load);
        say!(around.tale, "its read loads version {value}");
        // Where the server has to be asked for longer lives first, that is a step of its own.
        let may_fill = self.partition.is_ttl_allowed(around.scope.ttl(read.long));
        match lease {
            Some(lease) if may_fill && Guard::StampBeforeLoad.holds() => {
                self.fill(read, lease, value, stamp, around)
            }
            _ => Next::Goes(Phase::Loaded {
                lease,
                stamp,
                value,
            }),
        }
    }

    pub(super) fn fill_with_loaded(
        &mut self,
        read: &Read,
        lease: Option<Lease>,
        value: Version,
        stamp: Position,
        around: &mut Around<'_>,
    ) -> Next {
        let stamp = if Guard::StampBeforeLoad.holds() {
            stamp
        } else {
            self.partition.known()
        };
        match lease {
            Some(lease) => self.fill(read, lease, value, stamp, around),
            None => Next::Kept(self.fill_of(read, value, stamp, around), true),
        }
    }

    /// Fills L2 on the lease, once bans are kept long enough for it.
    fn fill(
        &mut self,
        read: &Read,
        lease: Lease,
        value: Version,
        stamp: Position,
        around: &mut Around<'_>,
    ) -> Next {
        let fill = self.fill_of(read, value, stamp, around);
        let ttl = around.scope.ttl(read.long);
        let may = self
            .allow_ttl(ttl, around)
            .and_then(|()| self.use_line(around));
        Next::Goes(match may {
            Some(_) => Phase::Filling { lease, fill },
            None => Phase::Filled {
                lease,
                fill,
                stored: None,
            },
        })
    }

    fn fill_of(&self, read: &Read, value: Version, stamp: Position, around: &Around<'_>) -> Fill {
        Fill {
            value,
            stamp,
            lives_until: around.now + around.scope.ttl(read.long),
            long: read.long,
        }
    }

    /// `Instance::allow_ttl`.
    pub(crate) fn allow_ttl(&mut self, ttl: Duration, around: &mut Around<'_>) -> Option<()> {
        self.partition.raise_longest_ttl(ttl);
        if Guard::LongestTtlFirst.demands(self.partition.is_ttl_allowed(ttl)) {
            return Some(());
        }
        let peer = self.use_line(around)?;
        around.tale.mark(Mark::TtlRaised);
        say!(around.tale, "asks the server to keep bans for longer");
        self.fence_again(peer, around)
    }
}
