//! What a `set` has begun.

use std::sync::Arc;

use super::sender::Sender;
use crate::clock;
use crate::core::{Change, Guard};
use crate::local::Local;
use crate::partitions::Slice;

/// The pending changes of a `set`. Dropped as such, because it failed, or whoever stored it was cancelled
/// or panicked, they become removals.
pub(super) struct Begun {
    local: Arc<Local>,
    sender: Option<Arc<Sender>>,
    changes: Vec<Change>,
}

impl Begun {
    pub(super) fn at(slice: &Slice, changes: Vec<Change>) -> Self {
        slice.local.begin(&changes, clock::now());
        Self {
            local: slice.local.clone(),
            sender: slice.sender.clone(),
            changes,
        }
    }

    pub(super) fn changes(&self) -> &[Change] {
        &self.changes
    }

    /// They have ended by the server's acknowledgement.
    pub(super) fn acknowledged(mut self) {
        self.changes.clear();
    }
}

impl Drop for Begun {
    fn drop(&mut self) {
        if self.changes.is_empty() {
            return;
        }
        let changes = std::mem::take(&mut self.changes);
        match &self.sender {
            Some(sender) if Guard::UnacknowledgedSetRemoves.holds() => sender.resubmit(changes),
            _ => {
                let once = changes.iter().map(|change| (change, 1));
                self.local.end(once, clock::now());
            }
        }
    }
}
