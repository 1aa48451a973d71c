//! The answer that a caller waits for.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::oneshot;

use super::outcome::Outcome;
use crate::core::Position;
use crate::partitions::PartitionId;
use crate::token::Token;

/// Shared by the changes of one call, in whichever partitions. It answers when the last of them is
/// acknowledged; when it is dropped before, the call is pending.
#[derive(Debug)]
pub(crate) struct Receipt {
    missing: AtomicUsize,
    answer: Mutex<(Token, Option<oneshot::Sender<Token>>)>,
}

/// The caller's end of a receipt.
pub(crate) struct Answer(oneshot::Receiver<Token>);

impl Receipt {
    pub(crate) fn new(changes: usize) -> (Arc<Self>, Answer) {
        let (sender, receiver) = oneshot::channel();
        let answer = Mutex::new((Token::default(), Some(sender)));
        (
            Arc::new(Self {
                missing: AtomicUsize::new(changes),
                answer,
            }),
            Answer(receiver),
        )
    }

    /// One change is acknowledged by this partition.
    pub(crate) fn confirm(&self, partition: PartitionId, position: Position) {
        let mut answer = self.answer.lock();
        answer.0.raise(partition, position);
        if self.missing.fetch_sub(1, Ordering::AcqRel) == 1
            && let Some(sender) = answer.1.take()
        {
            // The caller may have stopped waiting; the removal stands all the same.
            let _ = sender.send(std::mem::take(&mut answer.0));
        }
    }
}

impl Answer {
    /// The outcome, for which nobody waits longer than `patience`.
    pub(crate) async fn outcome(self, patience: Duration) -> Outcome {
        match tokio::time::timeout(patience, self.0).await {
            Ok(Ok(token)) => Outcome::Applied(token),
            _ => Outcome::Pending,
        }
    }
}
