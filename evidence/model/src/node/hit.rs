//! L1: as `read/hit.rs` reads it.

use unstale_core::{Guard, Position, Tick};

use super::{Copy, Node};

impl Node {
    /// The copy that L1 answers with at once, to one who has to see `at_least`.
    pub(crate) fn hit(&self, key: usize, at_least: Position, now: Tick) -> Option<&Copy> {
        let holds_until = self.partition.holds_until();
        let copy = self.shelf.0[key].as_ref()?;
        (self.may_use_l1(at_least) && self.serves(key, copy, holds_until, now)).then_some(copy)
    }

    /// Whether this instance has applied what the reader has to see.
    pub(crate) fn may_use_l1(&self, at_least: Position) -> bool {
        let is_behind = at_least > Position::ORIGIN && self.partition.position() < at_least;
        !Guard::TokenSkipsL1.forbids(is_behind)
    }

    /// Whether a copy in hand may be returned under a proof that was seen before.
    pub(crate) fn serves(&self, key: usize, copy: &Copy, holds_until: Tick, now: Tick) -> bool {
        let deadline = if Guard::ProofForL1.holds() {
            copy.lives_until.min(holds_until)
        } else {
            copy.lives_until
        };
        now < deadline && self.is_valid(key, copy)
    }

    /// Notes that a copy has been compared with all bans, if it is still the one on the shelf.
    pub(crate) fn note_checked(&mut self, key: usize, found: &Copy) {
        if let Some(checked) = self.recheck(key, found)
            && let Some(copy) = self.shelf.0[key].as_mut().filter(|copy| *copy == found)
        {
            copy.checked = checked;
        }
    }
}
