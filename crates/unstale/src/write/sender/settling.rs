//! What an answer does, whether the server brings it or the log.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use super::Sender;
use crate::clock;
use crate::core::{Appended, Guard, Message, Position};
use crate::tiers::Unavailable;
use crate::token::Token;
use crate::write::in_flight::InFlight;

impl Sender {
    /// An own entry of the log was received. As a rule, a server writes it to the readers before it answers
    /// whoever appended it: so it is the answer, if it is what is in flight.
    pub(crate) fn appeared(&self, position: Position, id: u64) {
        let answer = self.unanswered.take_if(|sent| {
            self.local
                .with(|partition, _| partition.answer_in_log(sent, position, id))
        });
        if let Some((message, batch, appended)) = answer {
            // What is put back, also by a panic, may find nobody sending.
            let _kick = Kick(self);
            // What does not count is sent again.
            let _ = self.settle(batch, Ok((appended, message)));
            // That was noted as still to be received, and has been.
            self.local.was_confirmed(position, id);
        }
    }

    /// A batch was answered, or was not: ends its pendings, or puts it back. An acknowledgement
    /// counts only in the current epoch.
    pub(super) fn settle(
        &self,
        batch: InFlight,
        result: Result<(Appended, Arc<Message>), Unavailable>,
    ) -> Result<(), Unavailable> {
        #[cfg(feature = "evidence")]
        let batch = batch.with_late();
        let counted = result.and_then(|(appended, message)| {
            let changes = batch.iter().map(|(change, queued)| (change, queued.count));
            if self.local.acknowledge(changes, appended) {
                Ok((appended, message))
            } else {
                Err(Unavailable::NotFenced)
            }
        });
        match counted {
            Ok((appended, message)) => {
                let position = appended.position();
                self.invalidations.sent_batch();
                let place = Token::at(self.local.id, position);
                self.invalidations.events.sent(&place, &message);
                let batch = batch.acknowledged();
                if self.failing.swap(false, Ordering::Relaxed) {
                    tracing::info!(instance = %self.name, "removals are confirmed again");
                }
                tracing::debug!(instance = %self.name, %position, changes = batch.len(), "removal sent");
                for receipt in batch.into_iter().flat_map(|(_, queued)| queued.waiters) {
                    receipt.confirm(self.local.id, position);
                }
                Ok(())
            }
            Err(failure) => {
                if !self.failing.swap(true, Ordering::Relaxed) {
                    tracing::warn!(instance = %self.name, %failure, "removals are pending");
                }
                if Guard::SentUntilAcknowledged.holds() {
                    drop(batch);
                } else {
                    let batch = batch.acknowledged();
                    let ended = batch.iter().map(|(change, queued)| (change, queued.count));
                    self.local.end(ended, clock::now());
                }
                let replaced = {
                    let mut outbox = self.outbox.lock();
                    outbox.release_waiters();
                    self.collapse_if_over(&mut outbox, Duration::ZERO, clock::now())
                };
                self.tell_of_collapse(replaced);
                Err(failure)
            }
        }
    }
}

/// Sees to it that somebody sends, at the end.
struct Kick<'a>(&'a Sender);

impl Drop for Kick<'_> {
    fn drop(&mut self) {
        self.0.kick();
    }
}
