//! Since when a version is no longer good.

use std::collections::VecDeque;

use crate::{Moment, Write};

/// The writes that raised the highest invalidated version: a staircase.
///
/// From step to step `version` grows, and `ended` does not fall. A write that ended when a version at least
/// as high was already invalidated changes nothing for any reader, and is no step. So the first
/// step above a version is the earliest end of all writes of higher versions: the moment since
/// which that version is no longer good.
#[derive(Debug, Default)]
pub(crate) struct Steps(VecDeque<Write>);

impl Steps {
    /// Adds a write. They may come in any order.
    pub(crate) fn add(&mut self, write: Write) {
        let from = self.0.partition_point(|step| step.ended <= write.ended);
        let before = from.checked_sub(1).and_then(|before| self.0.get(before));
        if before.is_some_and(|step| step.version >= write.version) {
            return;
        }
        let to = self.0.partition_point(|step| step.version <= write.version);
        self.0.drain(from..to);
        self.0.insert(from, write);
    }

    /// The write that made this version no longer good, if it ended before then.
    pub(crate) fn missed(&self, version: u64, before: Moment) -> Option<&Write> {
        let above = self.0.partition_point(|step| step.version <= version);
        self.0.get(above).filter(|step| step.ended < before)
    }

    /// The highest version that was invalidated before then.
    pub(crate) fn highest(&self, before: Moment) -> u64 {
        let count = self.0.partition_point(|step| step.ended < before);
        let last = count.checked_sub(1).and_then(|last| self.0.get(last));
        last.map_or(0, |step| step.version)
    }

    /// Forgets what ended before then, except for the last, which still says that everything
    /// below it is no longer good, though not any more since when.
    pub(crate) fn forget(&mut self, before: Moment) {
        let count = self.0.partition_point(|step| step.ended < before);
        self.0.drain(..count.saturating_sub(1));
    }

    /// Forgets the steps up to a version, which somebody else remembers.
    pub(crate) fn forget_up_to(&mut self, version: u64) {
        let count = self.0.partition_point(|step| step.version <= version);
        self.0.drain(..count);
    }

    /// How many steps are remembered.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }
}
