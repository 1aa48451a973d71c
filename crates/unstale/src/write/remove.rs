//! Removing: the local part at once, the rest in the sender's next batch.

use tracing::Instrument;

use crate::clock;
use crate::core::{Change, Position};
use crate::instance::Instance;
use crate::observe::spans;
use crate::partitions::{Slice, divide};
use crate::token::Token;

use super::outcome::Outcome;
use super::receipt::{Answer, Receipt};

/// Invalidates keys and bans. Everything local, and handing over to the sender, happens before
/// the first await: dropping this future changes nothing about the removal.
pub(crate) async fn remove(instance: &Instance, changes: Vec<Change>) -> Outcome {
    if changes.is_empty() {
        return Outcome::Applied(instance.applied());
    }
    let began = clock::now();
    instance.invalidations.invalidated(changes.len());
    let count = changes.len();
    let outcome = match submit(instance, changes) {
        Submitted::Executed(token) => Outcome::Applied(token),
        Submitted::Sent(answer) => {
            let span = spans::remove(count);
            let outcome = answer.outcome(instance.answer_timeout);
            let outcome = outcome.instrument(span.clone()).await;
            span.record("unstale.applied", outcome.is_applied());
            outcome
        }
    };
    if outcome.is_applied() {
        instance
            .invalidations
            .acknowledged(clock::now().since(began));
    }
    outcome
}

enum Submitted {
    Executed(Token),
    Sent(Answer),
}

/// Hands the changes to the senders of the partitions that they concern, all of which answer to one
/// receipt.
fn submit(instance: &Instance, changes: Vec<Change>) -> Submitted {
    let partitions = &instance.partitions;
    let only = partitions.first();
    if partitions.count() == 1 {
        let Some(sender) = &only.sender else {
            return Submitted::Executed(Token::at(only.id, execute(only, &changes)));
        };
        let (receipt, answer) = Receipt::new(changes.len());
        sender.submit(changes, &receipt);
        return Submitted::Sent(answer);
    }
    let shares: Vec<_> = divide(partitions, changes).collect();
    let (receipt, answer) = Receipt::new(shares.iter().map(|(_, share)| share.len()).sum());
    for (slice, share) in shares {
        // Whoever has several partitions has a server.
        if let Some(sender) = &slice.sender {
            sender.submit(share, &receipt);
        }
    }
    Submitted::Sent(answer)
}

/// Without a server, the removal is executed right here.
fn execute(slice: &Slice, changes: &[Change]) -> Position {
    let now = clock::now();
    slice.local.with(|partition, copies| {
        let mut position = partition.position();
        for change in changes {
            position = partition.execute(change, now, copies);
        }
        position
    })
}
