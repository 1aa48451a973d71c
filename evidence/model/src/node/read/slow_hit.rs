//! A hit step by step: the proof is seen, then the copy is taken, then they are judged.

use unstale_core::{Guard, Tick};

use super::{Around, Copy, Next, Node, Phase, Read};
use crate::promise::Violation;
use crate::scope::How;
use crate::tale::{Mark, say};

impl Node {
    pub(super) fn take_copy(
        &self,
        read: &Read,
        holds_until: Tick,
        around: &mut Around<'_>,
    ) -> Phase {
        match self.shelf.0[read.key].clone() {
            Some(copy) => {
                say!(
                    around.tale,
                    "its read takes version {} out of L1",
                    copy.value
                );
                Phase::Took { holds_until, copy }
            }
            None => Phase::Missed,
        }
    }

    pub(super) fn judge_copy(
        &mut self,
        read: &Read,
        holds_until: Tick,
        copy: &Copy,
        now: Tick,
    ) -> Next {
        let holds_until = if Guard::ProofBeforeCopy.holds() {
            holds_until
        } else {
            self.partition.holds_until()
        };
        if !self.serves(read.key, copy, holds_until, now) {
            return Next::Goes(Phase::Missed);
        }
        self.note_checked(read.key, copy);
        Next::Served(copy.value)
    }

    /// L1 had nothing for it.
    pub(super) fn board_after_miss(
        &mut self,
        index: usize,
        read: Read,
        around: &mut Around<'_>,
    ) -> Result<(), Violation> {
        self.land(index);
        let again = self.hit(read.key, read.at_least, around.now).cloned();
        let (key, how) = (read.key, read.how);
        let floors = read.clone();
        let leads = self.board(read, around);
        // Somebody's flight may have landed since this reader looked into L1.
        let Some(copy) = again.filter(|_| leads && how == How::Load) else {
            return Ok(());
        };
        self.land(self.reads.len() - 1);
        self.note_checked(key, &copy);
        around.tale.mark(Mark::LandedMeanwhile);
        say!(
            around.tale,
            "its read returns version {} from L1 after all",
            copy.value
        );
        floors.check(around.by, copy.value)
    }
}
