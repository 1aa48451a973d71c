//! Reading several keys in one round trip.

use std::sync::Arc;

use super::flights::Boarded;
use super::hit::hit;
use super::keep::keep_found;
use super::{Cacheable, Request, get_past_l1, l2};
use crate::clock;
use crate::core::Reach;

/// Whatever the cache holds of these keys and may serve, in their order. Keys that can be read
/// directly share one round trip; the others are read one by one.
pub(crate) async fn get_many<T: Cacheable>(requests: &[Request<'_>]) -> Vec<Option<Arc<T>>> {
    let mut values: Vec<Option<Arc<T>>> = requests.iter().map(hit).collect();
    let mut direct = Vec::new();
    for (index, request) in requests
        .iter()
        .enumerate()
        .filter(|(index, request)| values[*index].is_none() && request.has_usable_key())
    {
        let local = &request.instance.local;
        direct.push((
            index,
            Boarded::alone(local, request.key.into(), request.at_least),
        ));
    }
    let (direct, others): (Vec<_>, Vec<_>) = direct
        .into_iter()
        .partition(|(_, (_, reach))| *reach == Reach::Direct);
    for (index, boarded) in others {
        drop(boarded);
        values[index] = get_past_l1(&requests[index]).await;
    }
    let keys: Vec<Arc<str>> = direct
        .iter()
        .map(|(_, (boarded, _))| boarded.key.clone())
        .collect();
    let Some(request) = requests.first().filter(|_| !keys.is_empty()) else {
        return values;
    };
    let asked = clock::now();
    let looked = match &request.instance.shared {
        Some(shared) => shared.look_many(&keys).await.unwrap_or_default(),
        None => Vec::new(),
    };
    let mut looked = looked.into_iter();
    for (index, (boarded, _)) in direct {
        let request = &requests[index];
        let series = request.series();
        let found = match looked.next().flatten() {
            Some(looked) => l2::usable::<T>(request, &looked, asked, None).await,
            None => None,
        };
        match found {
            Some(found) => {
                keep_found(request.instance, &boarded, &found, asked, series);
                values[index] = Some(found.value);
            }
            None => {
                if let Some(series) = &series {
                    series.miss(clock::now().since(asked), false);
                }
            }
        }
    }
    values
}
