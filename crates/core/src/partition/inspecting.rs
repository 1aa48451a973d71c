//! Inspecting: whether anything that this instance has heard of explains why a copy differs from
//! the source.

use std::sync::Arc;

use super::Partition;
use crate::position::Position;
use crate::tick::Tick;
use crate::ticket::Ticket;

/// What is to be thought of a copy that differs from what the source said.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// Something was invalidated meanwhile: the copy was about to be dropped.
    Explained,
    /// Nothing was, up to now, and nothing can have been missed: somebody wrote to the source and
    /// did not invalidate.
    Unexplained,
    /// Nothing that is known here, but this instance has not proven itself since.
    Unproven,
}

impl Partition {
    /// Judges a copy with this stamp, whose `ticket` was opened while it was held. The source was
    /// asked after that, and answered something else at `asked`.
    ///
    /// A removal of the key revokes the ticket, as a new epoch and a resynchronisation do; a ban,
    /// which drops nothing, forbids the copy's stamp. What others had removed by `asked` has been
    /// applied once a probe that was sent later proves so.
    pub fn verdict(
        &self,
        ticket: Ticket,
        key: &str,
        tags: &[Arc<str>],
        stamp: Position,
        asked: Tick,
    ) -> Verdict {
        if !self.keys.is_alive(key, ticket) || !self.accepts(key, tags, stamp) {
            Verdict::Explained
        } else if self.synced && self.proven_at() >= Some(asked) {
            Verdict::Unexplained
        } else {
            Verdict::Unproven
        }
    }
}
