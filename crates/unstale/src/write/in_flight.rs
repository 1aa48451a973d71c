//! A batch on its way to the server.

use std::ops::Deref;
use std::sync::Arc;

use parking_lot::Mutex;

use super::receipt::Receipt;
use crate::core::{Batch, Outbox};

/// What waits to be sent, and who waits for it.
pub(super) type SharedOutbox = Arc<Mutex<Outbox<Arc<Receipt>>>>;

/// A batch that is not acknowledged. Dropped as such, because it failed, or whoever sent it was
/// cancelled or panicked, it is put back, to be sent again.
pub(super) struct InFlight {
    outbox: SharedOutbox,
    batch: Batch<Arc<Receipt>>,
}

impl InFlight {
    /// The oldest changes that wait, at most `limit` of them.
    pub(super) fn take(outbox: &SharedOutbox, limit: usize) -> Self {
        let batch = outbox.lock().take_batch(limit);
        let outbox = outbox.clone();
        Self { outbox, batch }
    }

    /// It has not to be sent again.
    pub(super) fn acknowledged(mut self) -> Batch<Arc<Receipt>> {
        let batch = std::mem::take(&mut self.batch);
        self.outbox.lock().settled(batch.len());
        batch
    }

    /// Where the rule is broken: see [`Outbox::with_late`].
    #[cfg(feature = "evidence")]
    pub(super) fn with_late(mut self) -> Self {
        let batch = std::mem::take(&mut self.batch);
        self.batch = self.outbox.lock().with_late(batch);
        self
    }
}

impl Deref for InFlight {
    type Target = Batch<Arc<Receipt>>;

    fn deref(&self) -> &Self::Target {
        &self.batch
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        if !self.batch.is_empty() {
            let batch = std::mem::take(&mut self.batch);
            self.outbox.lock().put_back(batch);
        }
    }
}
