//! A batch on its way to the server.

use std::ops::Deref;
use std::sync::Arc;

use parking_lot::Mutex;

use super::receipt::Receipt;
use crate::core::{Batch, Outbox};

/// A batch that is not acknowledged. Dropped as such, because it failed, or whoever sent it was
/// cancelled or panicked, it is put back, to be sent again.
pub(super) struct InFlight<'a> {
    outbox: &'a Mutex<Outbox<Arc<Receipt>>>,
    batch: Batch<Arc<Receipt>>,
}

impl<'a> InFlight<'a> {
    /// The oldest changes that wait, at most `limit` of them.
    pub(super) fn take(outbox: &'a Mutex<Outbox<Arc<Receipt>>>, limit: usize) -> Self {
        let batch = outbox.lock().take_batch(limit);
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

impl Deref for InFlight<'_> {
    type Target = Batch<Arc<Receipt>>;

    fn deref(&self) -> &Self::Target {
        &self.batch
    }
}

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        if !self.batch.is_empty() {
            let batch = std::mem::take(&mut self.batch);
            self.outbox.lock().put_back(batch);
        }
    }
}
