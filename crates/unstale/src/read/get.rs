//! Reading without a loader.

use std::sync::Arc;

use super::flights::Boarded;
use super::hit::hit;
use super::keep::keep_found;
use super::{Cacheable, Request, l2};
use crate::clock;

/// Whatever the cache holds and may serve.
pub(crate) async fn get<T: Cacheable>(request: &Request<'_>) -> Option<Arc<T>> {
    if let Some(value) = hit(request) {
        return Some(value);
    }
    if !request.has_usable_key() {
        return None;
    }
    let began = clock::now();
    let series = request.series();
    let instance = request.instance;
    let (boarded, reach) = Boarded::alone(&instance.local, request.key.into(), request.at_least);
    let found = l2::look::<T>(request, reach).await;
    let Some(found) = found else {
        if let Some(series) = &series {
            series.miss(clock::now().since(began), false);
        }
        return None;
    };
    keep_found(instance, &boarded, &found, began, series);
    Some(found.value)
}
