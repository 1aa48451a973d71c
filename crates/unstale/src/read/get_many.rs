//! Reading several keys at once.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures_util::future::{join, join_all};
use futures_util::stream::{self, StreamExt as _};

use super::flights::Boarded;
use super::hit::hit;
use super::keep::keep_found;
use super::{Cacheable, Request, get_past_l1, l2};
use crate::clock;
use crate::core::{Reach, Tick};
use crate::partitions::Slice;
use crate::tiers::Looked;

/// As many round trips are made at a time for single keys: all of them at once would hold up the server
/// for others, and time out.
const AT_ONCE: usize = 16;

/// Whatever the cache holds of these keys and may serve, in their order. Keys of a partition that
/// can be read directly share one round trip; the others have one each, and so has each record that
/// slides.
pub(crate) async fn get_many<T: Cacheable>(requests: &[Request<'_>]) -> Vec<Option<Arc<T>>> {
    let mut values: Vec<Option<Arc<T>>> = requests.iter().map(hit).collect();
    let mut direct: BTreeMap<_, Vec<_>> = BTreeMap::new();
    let mut others = Vec::new();
    for (index, request) in requests.iter().enumerate() {
        if values[index].is_some() || !request.has_usable_key() {
            continue;
        }
        let local = &request.slice.local;
        match Boarded::alone(local, request.key.into(), request.at_least) {
            (boarded, Reach::Direct) => {
                let share = direct.entry(request.slice.id).or_default();
                share.push((request, index, boarded));
            }
            _ => others.push(index),
        }
    }
    let asked = clock::now();
    let looks = direct.into_values().map(|share| look(share, asked));
    let others = others
        .into_iter()
        .map(|index| async move { (index, get_past_l1(&requests[index]).await) });
    let (looked, read) = join(join_all(looks), some_at_once(others.collect())).await;
    for (index, value) in looked.into_iter().flatten().chain(read) {
        values[index] = value;
    }
    values
}

/// Looks a partition's share of the keys up, in one round trip.
async fn look<T: Cacheable>(
    share: Vec<(&Request<'_>, usize, Boarded)>,
    asked: Tick,
) -> Vec<(usize, Option<Arc<T>>)> {
    let keys: Vec<_> = share
        .iter()
        .map(|(_, _, boarded)| boarded.key.clone())
        .collect();
    let slice: Option<&Slice> = share.first().map(|(request, ..)| request.slice);
    let looked = match slice.and_then(|slice| slice.shared.as_ref()) {
        Some(shared) => shared.look_many(&keys).await.unwrap_or_default(),
        None => Vec::new(),
    };
    let mut looked = looked.into_iter();
    let taken = share.into_iter().map(|(request, index, boarded)| {
        let looked = looked.next().flatten();
        async move { (index, take(request, &boarded, looked, asked).await) }
    });
    some_at_once(taken.collect()).await
}

async fn some_at_once<T>(round_trips: Vec<impl Future<Output = T>>) -> Vec<T> {
    stream::iter(round_trips)
        .buffer_unordered(AT_ONCE)
        .collect()
        .await
}

/// What was found, if it may be used; a copy of it is kept.
async fn take<T: Cacheable>(
    request: &Request<'_>,
    boarded: &Boarded,
    looked: Option<Looked>,
    asked: Tick,
) -> Option<Arc<T>> {
    let series = request.series();
    let found = match looked {
        Some(looked) => l2::usable::<T>(request, &looked, asked, None).await,
        None => None,
    };
    match found {
        Some(found) => {
            keep_found(request.slice, boarded, &found, asked, series);
            Some(found.value)
        }
        None => {
            if let Some(series) = series {
                series.miss(clock::now().since(asked), false);
            }
            None
        }
    }
}
