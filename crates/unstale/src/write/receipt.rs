//! The answer that a caller waits for.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::oneshot;

use super::outcome::Outcome;
use crate::core::Position;
use crate::token::Token;

/// Shared by the changes of one call. It answers when the last of them is acknowledged; when it
/// is dropped before, the call is pending.
#[derive(Debug)]
pub(crate) struct Receipt {
    missing: AtomicUsize,
    answer: Mutex<(Position, Option<oneshot::Sender<Position>>)>,
}

/// The caller's end of a receipt.
pub(crate) struct Answer(oneshot::Receiver<Position>);

impl Receipt {
    pub(crate) fn new(changes: usize) -> (Arc<Self>, Answer) {
        let (sender, receiver) = oneshot::channel();
        let answer = Mutex::new((Position::ORIGIN, Some(sender)));
        (
            Arc::new(Self {
                missing: AtomicUsize::new(changes),
                answer,
            }),
            Answer(receiver),
        )
    }

    /// One change is acknowledged.
    pub(crate) fn confirm(&self, position: Position) {
        let mut answer = self.answer.lock();
        answer.0 = answer.0.max(position);
        if self.missing.fetch_sub(1, Ordering::AcqRel) == 1
            && let Some(sender) = answer.1.take()
        {
            // The caller may have stopped waiting; the removal stands all the same.
            let _ = sender.send(answer.0);
        }
    }
}

impl Answer {
    /// The outcome, for which nobody waits longer than `patience`.
    pub(crate) async fn outcome(self, patience: Duration) -> Outcome {
        match tokio::time::timeout(patience, self.0).await {
            Ok(Ok(position)) => Outcome::Applied(Token::at(position)),
            _ => Outcome::Pending,
        }
    }
}
