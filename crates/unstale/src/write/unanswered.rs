//! What was sent, and who brings the answer.

use std::sync::Arc;

use parking_lot::Mutex;

use super::in_flight::InFlight;
use crate::core::Message;

/// What was sent, until its answer is there. The server says twice that it was executed, by its answer and
/// by the entry in the log: whoever hears of it first takes it.
#[derive(Default)]
pub(super) struct Unanswered(Mutex<Option<(Arc<Message>, InFlight)>>);

impl Unanswered {
    /// It is about to be sent. Whoever sends it keeps what is returned for as long as he waits.
    pub(super) fn add(&self, message: &Arc<Message>, batch: InFlight) -> Asking<'_> {
        *self.0.lock() = Some((message.clone(), batch));
        Asking(self)
    }

    /// The answer is there.
    pub(super) fn take(&self) -> Option<(Arc<Message>, InFlight)> {
        self.0.lock().take()
    }

    /// The answer is there, if it is one to what was sent under this id.
    pub(super) fn take_if<T>(
        &self,
        is_answered: impl FnOnce(u64) -> Option<T>,
    ) -> Option<(Arc<Message>, InFlight, T)> {
        let mut unanswered = self.0.lock();
        let answer = is_answered(unanswered.as_ref()?.0.id)?;
        let (message, batch) = unanswered.take()?;
        Some((message, batch, answer))
    }
}

/// Somebody waits for the answer. When he is cancelled or panics, nobody will take it.
#[must_use]
pub(super) struct Asking<'a>(&'a Unanswered);

impl Drop for Asking<'_> {
    fn drop(&mut self) {
        drop(self.0.take());
    }
}
