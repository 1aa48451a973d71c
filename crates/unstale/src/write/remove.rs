//! Removing: the local part at once, the rest in the sender's next batch.

use tracing::Instrument;

use crate::clock;
use crate::core::Change;
use crate::instance::Instance;
use crate::observe::spans;
use crate::token::Token;

use super::outcome::Outcome;
use super::receipt::Receipt;

/// Invalidates keys and bans. Everything local, and handing over to the sender, happens before
/// the first await: dropping this future changes nothing about the removal.
pub(crate) async fn remove(instance: &Instance, changes: Vec<Change>) -> Outcome {
    if changes.is_empty() {
        return Outcome::Applied(Token::at(instance.local.position()));
    }
    let began = clock::now();
    instance.invalidations.invalidated(changes.len());
    let outcome = match &instance.sender {
        None => Outcome::Applied(Token::at(execute(instance, &changes))),
        Some(sender) => {
            let (count, (receipt, answer)) = (changes.len(), Receipt::new(changes.len()));
            sender.submit(changes, &receipt);
            drop(receipt);
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

/// Without a server, the removal is executed right here.
fn execute(instance: &Instance, changes: &[Change]) -> crate::core::Position {
    let now = clock::now();
    instance.local.with(|partition, copies| {
        let mut position = partition.position();
        for change in changes {
            position = partition.execute(change, now, copies);
        }
        position
    })
}
