//! Storing a value: `set` and `set_many`.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::begun::Begun;
use super::outcome::Outcome;
use super::remove::remove;
use super::{BATCH, message};
use crate::codec::EncodeError;
use crate::core::Change;
use crate::entry::EntryOptions;
use crate::error::{Error, KeyError};
use crate::instance::Instance;
use crate::partitions::{PartitionId, Slice};
use crate::read::{Cacheable, Request, put_alone};
use crate::tiers::{StoreEntry, Unavailable, record};
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
    let mut stored = Vec::new();
    if instance.partitions.first().shared.is_some() {
        let entries = storing.into_iter().map(|(_, key, traits, encoded)| {
            let rest = record::value_rest(&instance.unique_token(), &traits, &encoded);
            StoreEntry { key, traits, rest }
        });
        stored = store(instance, entries).await;
    } else {
        for (request, key, traits, encoded) in storing {
            // A copy of its own, because the caller keeps his.
            if let Some(copy) = instance.codec.decode::<T>(&encoded) {
                put_alone(request, key, Arc::new(copy), &traits);
            }
        }
        stored.push(Outcome::Applied(instance.applied()));
    }
    if !removing.is_empty() || stored.is_empty() {
        stored.push(remove(instance, removing).await);
    }
    let all = stored.into_iter().reduce(Outcome::and);
    Ok(all.unwrap_or(Outcome::Pending))
}

/// What one script stores, and what of it has begun.
struct Share {
    begun: Begun,
    entries: Vec<StoreEntry>,
}

/// Stores values in L2 and has other instances drop their copies, in all partitions at the same time.
/// It never fills this instance's L1: of two `set`s that are acknowledged out of order, the older
/// value would stay there. Unacknowledged, it becomes a pending removal. Goes on when its caller is
/// cancelled.
async fn store(
    instance: &Arc<Instance>,
    entries: impl Iterator<Item = StoreEntry>,
) -> Vec<Outcome> {
    let mut of_partitions: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for entry in entries {
        let slice = instance.partitions.of(&entry.key);
        of_partitions.entry(slice.id).or_default().push(entry);
    }
    // Whatever becomes of the tasks, all of it has begun.
    let tasks: Vec<_> = of_partitions
        .into_iter()
        .map(|(partition, entries)| {
            let shares = begin(instance.partitions.at(partition), entries);
            let working = instance.clone();
            let storing = async move { run(&working, partition, shares).await };
            instance.tasks.runtime.spawn(storing)
        })
        .collect();
    let mut outcomes = Vec::with_capacity(tasks.len());
    for task in tasks {
        // It may be aborted, together with its runtime, and may panic, in a subscriber of `tracing`.
        outcomes.push(task.await.unwrap_or(Outcome::Pending));
    }
    outcomes
}

/// Begins what a partition has of it, in as many shares as it takes scripts.
fn begin(slice: &Slice, mut entries: Vec<StoreEntry>) -> Vec<Share> {
    let mut shares = Vec::new();
    while !entries.is_empty() {
        let others = entries.split_off(entries.len().min(BATCH));
        let keys = entries.iter().map(|entry| Change::Key(entry.key.clone()));
        let begun = Begun::at(slice, keys.collect());
        shares.push(Share { begun, entries });
        entries = others;
    }
    shares
}

/// Stores what a partition has of it, one share after the other, because the last value of a key is the
/// one to stay. If one fails, the others are not tried either.
async fn run(instance: &Instance, partition: PartitionId, shares: Vec<Share>) -> Outcome {
    let slice = instance.partitions.at(partition);
    let mut token = Token::default();
    let mut shares = shares.into_iter();
    for Share { begun, entries } in shares.by_ref() {
        match attempt(instance.origin, slice, &entries, begun.changes()).await {
            Ok(stored) => {
                begun.acknowledged();
                token = token.and(&stored);
            }
            Err(failure) => {
                drop((begun, shares));
                tracing::warn!(%failure, "a value was not stored; its key is removed instead");
                return Outcome::Pending;
            }
        }
    }
    Outcome::Applied(token)
}

async fn attempt(
    origin: u64,
    slice: &Slice,
    entries: &[StoreEntry],
    changes: &[Change],
) -> Result<Token, Unavailable> {
    let shared = slice.shared.as_ref().ok_or(Unavailable::Down)?;
    if let Some(longest) = entries.iter().map(|entry| entry.traits.ttl).max() {
        slice.allow_ttl(shared, longest).await?;
    }
    let message = message(origin, changes.to_vec())?;
    let appended = shared.store(&message, entries).await?;
    let once = changes.iter().map(|change| (change, 1));
    if slice.local.acknowledge(once, appended) {
        Ok(Token::at(slice.id, appended.position()))
    } else {
        Err(Unavailable::NotFenced)
    }
}
