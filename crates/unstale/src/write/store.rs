//! Storing a value: `set` and `set_many`.

use std::sync::Arc;

use super::outcome::Outcome;
use crate::clock;
use crate::core::{Change, Message};
use crate::instance::Instance;
use crate::tiers::{Shared, StoreEntry, Unavailable};
use crate::token::Token;

/// Values on their way to L2.
pub(crate) struct Storing {
    pub(crate) entries: Vec<StoreEntry>,
}

/// Stores values in L2 and has other instances drop their copies. It never fills this instance's
/// L1: of two `set`s that are acknowledged out of order, the older value would stay there.
/// Unacknowledged, it becomes a pending removal. Goes on when its caller is cancelled.
pub(crate) async fn store(instance: &Arc<Instance>, storing: Storing) -> Outcome {
    let Some(shared) = instance.shared.clone() else {
        return Outcome::Pending;
    };
    let working = instance.clone();
    let task = instance
        .runtime
        .spawn(async move { run(&working, &shared, storing).await });
    // The task is only ever aborted together with its runtime.
    task.await.unwrap_or(Outcome::Pending)
}

async fn run(instance: &Instance, shared: &Shared, storing: Storing) -> Outcome {
    let changes: Vec<_> = storing
        .entries
        .iter()
        .map(|entry| Change::Key(entry.key.clone()))
        .collect();
    let began = clock::now();
    instance.local.with(|partition, copies| {
        for change in &changes {
            partition.begin(change, began, copies);
        }
    });
    match attempt(instance, shared, &storing, &changes).await {
        Ok(token) => Outcome::Applied(token),
        Err(failure) => {
            tracing::warn!(%failure, "a value was not stored; its key is removed instead");
            if let Some(sender) = &instance.sender {
                sender.resubmit(changes);
            }
            Outcome::Pending
        }
    }
}

async fn attempt(
    instance: &Instance,
    shared: &Shared,
    storing: &Storing,
    changes: &[Change],
) -> Result<Token, Unavailable> {
    if let Some(longest) = storing.entries.iter().map(|entry| entry.traits.ttl).max() {
        instance.allow_ttl(shared, longest).await?;
    }
    let message = Message {
        origin: instance.origin,
        sent_at: clock::wall_micros(),
        changes: changes.to_vec(),
        longest_ttl: None,
    };
    let appended = shared.store(&message, &storing.entries).await?;
    let now = clock::now();
    let counts = instance.local.with(|partition, copies| {
        partition.adopt(appended.fenced(), copies)
            && changes
                .iter()
                .all(|change| partition.acknowledge(change, 1, appended.position(), now, copies))
    });
    if counts {
        Ok(Token::at(appended.position()))
    } else {
        Err(Unavailable::NotFenced)
    }
}
