//! Reading without a loader.

use std::sync::Arc;

use super::flights::Boarded;
use super::keep::keep_found;
use super::{Cacheable, Request, l2};
use crate::clock;

/// Whatever L2 holds and may serve, for a read that found nothing in L1: it looks there first, so
/// that a hit makes no future of its own.
pub(crate) async fn get_past_l1<T: Cacheable>(request: &Request<'_>) -> Option<Arc<T>> {
    if !request.has_usable_key() {
        return None;
    }
    let began = clock::now();
    let series = request.series();
    let (boarded, reach) =
        Boarded::alone(&request.slice.local, request.key.into(), request.at_least);
    let found = l2::look::<T>(request, reach).await;
    let Some(found) = found else {
        if let Some(series) = series {
            series.miss(clock::now().since(began), false);
        }
        return None;
    };
    keep_found(request.slice, &boarded, &found, began, series);
    Some(found.value)
}
