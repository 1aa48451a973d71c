//! The proof: until when this instance is known to have applied everything.

use std::collections::VecDeque;
use std::time::Duration;

use super::guard::Guard;
use super::tick::Tick;

/// No more probes than this wait for their tail. Beyond it the newest is dropped: the oldest is
/// the nearest to proving something.
const OUTSTANDING: usize = 16;

/// Proves that everything the server had executed when a probe was sent has been applied here.
///
/// Only a probe proves, and it proves from the time it was *sent*: a message or an empty read
/// says nothing about what happened after it left the server, and behind a proxy both go on
/// after a failover.
#[derive(Clone, Debug)]
pub(super) struct Proof {
    max_staleness: Duration,
    proven_at: Option<Tick>,
    outstanding: VecDeque<(Tick, u64)>,
}

impl Proof {
    pub(super) fn new(max_staleness: Duration) -> Self {
        Self {
            max_staleness,
            proven_at: None,
            outstanding: VecDeque::new(),
        }
    }

    /// For an instance that is alone: nobody else writes, so nothing is ever missed.
    pub(super) fn standing(max_staleness: Duration) -> Self {
        Self {
            proven_at: Some(Tick::FAR_FUTURE),
            ..Self::new(max_staleness)
        }
    }

    /// A probe sent at `sent` answered `tail`; everything up to `cursor` has been applied.
    pub(super) fn probed(&mut self, sent: Tick, tail: u64, cursor: u64) {
        if self.outstanding.len() < OUTSTANDING {
            self.outstanding.push_back((sent, tail));
        }
        self.advanced(cursor);
    }

    /// Everything up to `cursor` has been applied.
    pub(super) fn advanced(&mut self, cursor: u64) {
        let applied = |(_, tail): &mut (Tick, u64)| Guard::ProofNeedsTail.demands(*tail <= cursor);
        while let Some((sent, _)) = self.outstanding.pop_front_if(applied) {
            self.proven_at = self.proven_at.max(Some(sent));
        }
    }

    /// The log was taken up at `cursor`. A probe that answered a tail beyond it was of positions
    /// that will be given again, and proves nothing.
    pub(super) fn resumed(&mut self, cursor: u64) {
        self.advanced(cursor);
        if Guard::ResyncForgetsProbes.holds() {
            self.outstanding.clear();
        }
    }

    /// The tail that the oldest unanswered probe still waits for.
    pub(super) fn awaited_tail(&self) -> Option<u64> {
        self.outstanding.front().map(|(_, tail)| *tail)
    }

    pub(super) fn withdraw(&mut self) {
        self.proven_at = None;
        self.outstanding.clear();
    }

    /// When the newest proof was sent.
    pub(super) fn proven_at(&self) -> Option<Tick> {
        self.proven_at
    }

    /// L1 may be served before this; `Tick::default()` means not at all.
    pub(super) fn holds_until(&self) -> Tick {
        self.proven_at
            .map_or(Tick::default(), |at| at + self.max_staleness)
    }
}

#[cfg(feature = "evidence")]
impl Proof {
    pub(super) fn write(&self, to: &mut crate::Canonical) {
        to.since(self.proven_at.unwrap_or_default(), self.max_staleness);
        to.list(&self.outstanding, |to, (sent, tail)| {
            to.since(*sent, self.max_staleness);
            to.number(*tail);
        });
    }
}
