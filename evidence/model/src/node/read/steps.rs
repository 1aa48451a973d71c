//! The steps of a read.

use super::{Around, Fill, Node, Phase, Read};
use crate::ledger::Version;
use crate::promise::Violation;
use crate::tale::{Mark, say};

/// What becomes of a read after one step.
pub(super) enum Next {
    Goes(Phase),
    /// It has what it came for.
    Kept(Fill, bool),
    /// L1 answered after all.
    Served(Version),
    /// There is nothing for it.
    Nothing,
    /// L1 had nothing: it joins a flight, waits for one, or leads one.
    Boards,
}

impl Node {
    /// The next turn of a read that waits for nobody.
    pub(crate) fn proceed(
        &mut self,
        index: usize,
        around: &mut Around<'_>,
    ) -> Result<(), Violation> {
        let read = self.reads[index].clone();
        let next = self.next(&read, around);
        match next {
            Next::Goes(phase) => {
                self.reads[index].goes(phase);
                self.is_handed_at_once(index, around);
                Ok(())
            }
            Next::Kept(fill, keep) => self.return_kept(index, &read, fill, keep, around),
            Next::Served(value) => {
                self.land(index);
                around.tale.mark(Mark::L1Hit);
                say!(around.tale, "its read returns version {value} from L1");
                read.check(around.by, value)
            }
            Next::Nothing => {
                self.land(index);
                say!(around.tale, "its read finds nothing");
                Ok(())
            }
            Next::Boards => self.board_after_miss(index, read, around),
        }
    }

    fn next(&mut self, read: &Read, around: &mut Around<'_>) -> Next {
        match read.phase.clone() {
            Phase::Glanced { holds_until } => Next::Goes(self.take_copy(read, holds_until, around)),
            Phase::Took { holds_until, copy } => {
                self.judge_copy(read, holds_until, &copy, around.now)
            }
            Phase::Missed => Next::Boards,
            Phase::Boarded => self.ask(read, around),
            Phase::Waiting { .. } => self.claim(read, around),
            Phase::Occupied {
                lease,
                looked,
                asked,
            } => self.judge_occupied(read, lease, looked, asked, around),
            Phase::Guarded {
                looked,
                snapshot,
                asked,
            } => self.judge_guarded(read, looked, snapshot, asked, around),
            Phase::Looked { looked, asked } => self.judge_looked(read, looked, asked, around),
            Phase::Loading { lease, stamp } => self.load_from_source(read, lease, stamp, around),
            Phase::Loaded {
                lease,
                stamp,
                value,
            } => self.fill_with_loaded(read, lease, value, stamp, around),
            Phase::Filled {
                lease,
                fill,
                stored,
            } => self.keep_filled(read, lease, fill, stored, around),
            Phase::Found { fill } => self.keep_found(fill),
            under_way => Next::Goes(under_way),
        }
    }
}
