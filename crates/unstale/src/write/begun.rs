//! What a `set` has begun.

use crate::clock;
use crate::core::{Change, Guard};
use crate::partitions::Slice;

/// The pending changes of a `set`. Dropped as such, because it failed, or whoever stored it was cancelled
/// or panicked, they become removals.
pub(super) struct Begun<'a> {
    slice: &'a Slice,
    changes: Vec<Change>,
}

impl<'a> Begun<'a> {
    pub(super) fn at(slice: &'a Slice, changes: Vec<Change>) -> Self {
        let now = clock::now();
        slice.local.with(|partition, copies| {
            for change in &changes {
                partition.begin(change, now, copies);
            }
        });
        Self { slice, changes }
    }

    pub(super) fn changes(&self) -> &[Change] {
        &self.changes
    }

    /// They have ended by the server's acknowledgement.
    pub(super) fn acknowledged(mut self) {
        self.changes.clear();
    }
}

impl Drop for Begun<'_> {
    fn drop(&mut self) {
        if self.changes.is_empty() {
            return;
        }
        let changes = std::mem::take(&mut self.changes);
        match &self.slice.sender {
            Some(sender) if Guard::UnacknowledgedSetRemoves.holds() => sender.resubmit(changes),
            _ => {
                let now = clock::now();
                self.slice.local.with(|partition, _| {
                    for change in &changes {
                        partition.end(change, 1, now);
                    }
                });
            }
        }
    }
}
