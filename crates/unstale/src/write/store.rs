//! Storing a value: `set` and `set_many`.

use std::sync::Arc;

use super::message;
use super::outcome::Outcome;
use super::remove::remove;
use crate::clock;
use crate::codec::EncodeError;
use crate::core::{Change, Guard};
use crate::entry::EntryOptions;
use crate::error::{Error, KeyError};
use crate::instance::Instance;
use crate::read::{Cacheable, Request, put_alone};
use crate::tiers::{Shared, StoreEntry, Unavailable, record};
use crate::token::Token;

/// Stores values; each comes with the request that says what applies to its key. A value whose
/// life is zero, or that is too large, is not stored: its key is removed.
pub(crate) async fn set<T: Cacheable>(
    instance: &Arc<Instance>,
    entries: &[(Request<'_>, &T)],
    options: &EntryOptions,
) -> Result<Outcome, Error> {
    let mut storing = Vec::with_capacity(entries.len());
    let mut removing = Vec::new();
    for (request, _) in entries {
        KeyError::check(request.key)?;
    }
    for (request, value) in entries {
        let key: Arc<str> = request.key.into();
        let traits = request.traits(options);
        if traits.ttl.is_zero() {
            removing.push(Change::Key(key));
            continue;
        }
        let encoded = match instance.codec.encode(*value) {
            Ok(encoded) => encoded,
            Err(EncodeError::TooLarge { .. }) => {
                if let Some(series) = request.series() {
                    series.oversized();
                }
                removing.push(Change::Key(key));
                continue;
            }
            Err(EncodeError::Invalid(source)) => {
                let key = request.key.to_owned();
                return Err(Error::Encode { key, source });
            }
        };
        storing.push((request, key, traits, encoded));
    }
    let stored = match &instance.shared {
        Some(shared) => {
            let entries = storing.into_iter().map(|(_, key, traits, encoded)| {
                let rest = record::value_rest(&instance.unique_token(), &traits, &encoded);
                StoreEntry { key, traits, rest }
            });
            store(instance, shared, entries.collect()).await
        }
        None => {
            for (request, key, traits, encoded) in storing {
                // A copy of its own, because the caller keeps his.
                if let Some(copy) = instance.codec.decode::<T>(&encoded) {
                    put_alone(request, key, Arc::new(copy), &traits);
                }
            }
            Outcome::Applied(Token::at(instance.local.position()))
        }
    };
    let removed = remove(instance, removing).await;
    Ok(stored.and(removed))
}

/// Stores values in L2 and has other instances drop their copies. It never fills this instance's
/// L1: of two `set`s that are acknowledged out of order, the older value would stay there.
/// Unacknowledged, it becomes a pending removal. Goes on when its caller is cancelled.
async fn store(
    instance: &Arc<Instance>,
    shared: &Arc<Shared>,
    entries: Vec<StoreEntry>,
) -> Outcome {
    if entries.is_empty() {
        return Outcome::Applied(Token::at(instance.local.position()));
    }
    let (working, shared) = (instance.clone(), shared.clone());
    let task = instance
        .runtime
        .spawn(async move { run(&working, &shared, &entries).await });
    // The task is only ever aborted together with its runtime.
    task.await.unwrap_or(Outcome::Pending)
}

async fn run(instance: &Instance, shared: &Shared, entries: &[StoreEntry]) -> Outcome {
    let changes: Vec<_> = entries
        .iter()
        .map(|entry| Change::Key(entry.key.clone()))
        .collect();
    let began = clock::now();
    instance.local.with(|partition, copies| {
        for change in &changes {
            partition.begin(change, began, copies);
        }
    });
    match attempt(instance, shared, entries, &changes).await {
        Ok(token) => Outcome::Applied(token),
        Err(failure) => {
            tracing::warn!(%failure, "a value was not stored; its key is removed instead");
            match &instance.sender {
                Some(sender) if Guard::UnacknowledgedSetRemoves.holds() => {
                    sender.resubmit(changes);
                }
                _ => instance.local.with(|partition, _| {
                    for change in &changes {
                        partition.end(change, 1, began);
                    }
                }),
            }
            Outcome::Pending
        }
    }
}

async fn attempt(
    instance: &Instance,
    shared: &Shared,
    entries: &[StoreEntry],
    changes: &[Change],
) -> Result<Token, Unavailable> {
    if let Some(longest) = entries.iter().map(|entry| entry.traits.ttl).max() {
        instance.allow_ttl(shared, longest).await?;
    }
    let message = message(instance.origin, changes.to_vec())?;
    let appended = shared.store(&message, entries).await?;
    let now = clock::now();
    let counts = instance.local.with(|partition, copies| {
        partition.adopt(appended.fenced(), copies)
            && changes
                .iter()
                .all(|change| partition.acknowledge(change, 1, appended, now, copies))
    });
    if counts {
        instance.local.confirm(appended.position());
        Ok(Token::at(appended.position()))
    } else {
        Err(Unavailable::NotFenced)
    }
}
