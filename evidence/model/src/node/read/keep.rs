//! Keeping a copy in L1, on a ticket.

use unstale_core::Guard;

use super::{Around, Copy, Fill, Lease, Next, Node, Read, tags};
use crate::promise::Violation;
use crate::scope::KEYS;
use crate::tale::{Mark, say};

impl Node {
    /// L2 was filled, has refused, or was not tried.
    pub(super) fn keep_filled(
        &mut self,
        read: &Read,
        lease: Lease,
        fill: Fill,
        stored: Option<bool>,
        around: &mut Around<'_>,
    ) -> Next {
        if stored.is_none() {
            self.release(read.key, lease, around);
        }
        let refused = stored == Some(false);
        Next::Kept(fill, Guard::RefusedFillStaysOut.demands(!refused))
    }

    /// L2 had it.
    pub(super) fn keep_found(&self, fill: Fill) -> Next {
        let stamp = if Guard::CopyKeepsStamp.holds() {
            fill.stamp
        } else {
            self.partition.known()
        };
        Next::Kept(Fill { stamp, ..fill }, true)
    }

    /// Keeps the copy, where it may, and returns the value.
    pub(super) fn return_kept(
        &mut self,
        index: usize,
        read: &Read,
        fill: Fill,
        keep: bool,
        around: &mut Around<'_>,
    ) -> Result<(), Violation> {
        let before = self.shelf.0[read.key].clone();
        if keep {
            self.keep(read, fill, around);
        }
        if read.was_refused() && self.shelf.0[read.key] != before {
            around.tale.mark(Mark::RefusedAndKept);
        }
        self.land(index);
        say!(around.tale, "its read returns version {}", fill.value);
        read.check(around.by, fill.value)
    }

    /// Spends the ticket: keeps the copy if nothing newer is known.
    fn keep(&mut self, read: &Read, fill: Fill, around: &mut Around<'_>) {
        let Some(ticket) = read.ticket else {
            return;
        };
        let key = read.key;
        let ttl = around.scope.ttl(fill.long);
        let admitted = self
            .partition
            .admit(ticket, KEYS[key], &tags(key), fill.stamp, ttl);
        match admitted {
            Some(checked) if around.now < fill.lives_until => {
                self.shelf.0[key] = Some(Copy {
                    value: fill.value,
                    stamp: fill.stamp,
                    checked,
                    lives_until: fill.lives_until,
                });
                say!(around.tale, "keeps version {} in L1", fill.value);
            }
            Some(_) => {}
            None => {
                around.tale.mark(Mark::TicketRevoked);
                say!(around.tale, "may not keep version {} in L1", fill.value);
            }
        }
    }
}
