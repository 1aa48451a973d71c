//! Reading with a loader: get → L1 → flight → L2 → load → fill → L1.

use std::any::Any;
use std::sync::Arc;

use tracing::Instrument;

use super::acquire::{Acquired, acquire};
use super::flights::{Boarded, Boarding, Landed, Lead};
use super::hit::hit;
use super::keep::{Copy, keep, keep_found};
use super::lease::Filled;
use super::sourced::{Source, Sourced};
use super::{Cacheable, Request, lease};
use crate::clock;
use crate::core::{Guard, Position, Tick};
use crate::entry::Entry;
use crate::observe::{Series, spans};
use crate::tiers::record::Traits;
use crate::token::Token;

/// The cached value, or the loaded one, and where it was read from.
pub(crate) async fn get_or_load<T, E, F, Loading>(
    request: &Request<'_>,
    load: F,
) -> Result<Option<Sourced<T>>, Arc<E>>
where
    T: Cacheable,
    E: Send + Sync + 'static,
    F: FnOnce() -> Loading,
    Loading: Future<Output = Result<Option<Entry<T>>, E>>,
{
    match hit(request) {
        Some(value) => Ok(Some(Sourced::new(value, Source::L1))),
        None => load_past_l1(request, load).await,
    }
}

/// The same for a read that found nothing in L1: whoever looks there first makes no future of its
/// own for a hit.
pub(crate) async fn load_past_l1<T, E, F, Loading>(
    request: &Request<'_>,
    load: F,
) -> Result<Option<Sourced<T>>, Arc<E>>
where
    T: Cacheable,
    E: Send + Sync + 'static,
    F: FnOnce() -> Loading,
    Loading: Future<Output = Result<Option<Entry<T>>, E>>,
{
    let began = clock::now();
    let (instance, slice) = (request.instance, request.slice);
    let series = request.series();
    if !request.has_usable_key() || request.at_least == Token::UNKNOWN {
        return load_for_oneself(request.key, load, series).await;
    }
    let key: Arc<str> = request.key.into();
    loop {
        match slice.flights.board(&slice.local, &key, request.at_least) {
            Boarding::Lead(lead) => {
                // Somebody's flight may have landed since this reader looked into L1.
                if let Some(value) = hit::<T>(request) {
                    lead.land(Ok(Some(value.clone())));
                    return Ok(Some(Sourced::new(value, Source::L1)));
                }
                return lead_flight(request, lead, load, began, series).await;
            }
            Boarding::Join(passenger) => {
                if let Some(passenger) = passenger
                    && let Some(landed) = passenger.landed(instance.load_timeout).await
                {
                    if let Some(series) = series {
                        series.miss(clock::now().since(began), true);
                    }
                    match shared_result(landed) {
                        Some(result) => return result,
                        // Somebody reads this key as another type: nothing can be shared.
                        None => return load_for_oneself(request.key, load, series).await,
                    }
                }
            }
            Boarding::Wait(passenger) => {
                if let Some(passenger) = passenger {
                    passenger.landed(instance.load_timeout).await;
                }
            }
        }
        if let Some(value) = hit(request) {
            return Ok(Some(Sourced::new(value, Source::L1)));
        }
    }
}

/// Loads on behalf of everybody who joins.
async fn lead_flight<T, E, F, Loading>(
    request: &Request<'_>,
    lead: Lead,
    load: F,
    began: Tick,
    series: Option<&Series>,
) -> Result<Option<Sourced<T>>, Arc<E>>
where
    T: Cacheable,
    E: Send + Sync + 'static,
    F: FnOnce() -> Loading,
    Loading: Future<Output = Result<Option<Entry<T>>, E>>,
{
    let slice = request.slice;
    let lease = match acquire::<T>(request, &lead.boarded.key, lead.reach).await {
        Acquired::Found(found) => {
            keep_found(slice, &lead.boarded, &found, began, series);
            lead.land(Ok(Some(found.value.clone())));
            return Ok(Some(Sourced::new(found.value, Source::L2)));
        }
        Acquired::Shared(value) => {
            if let Some(series) = series {
                series.miss(clock::now().since(began), true);
            }
            lead.land(Ok(Some(value.clone())));
            return Ok(Some(Sourced::new(value, Source::Flight)));
        }
        Acquired::Lease(lease) => Some(lease),
        Acquired::Nothing => None,
    };
    let stamp = lease::stamp_of_load(slice, lease.as_ref());
    if let Some(series) = series {
        series.load();
    }
    let loaded = traced(&lead.boarded.key, load).await;
    let stamp = if Guard::StampBeforeLoad.holds() {
        stamp
    } else {
        lease::stamp_of_load(slice, None)
    };
    if let Some(series) = series {
        series.miss(clock::now().since(began), false);
    }
    match loaded {
        Err(error) => {
            let error = Arc::new(error);
            lead.land(Err(error.clone()));
            Err(error)
        }
        Ok(None) => {
            lead.land(Ok(None));
            Ok(None)
        }
        Ok(Some(entry)) => {
            let traits = request.traits(&entry.options);
            let value = Arc::new(entry.value);
            let loaded = Loaded {
                value: value.clone(),
                stamp,
                traits: &traits,
            };
            fill_and_keep(request, &lead.boarded, lease, loaded, series).await;
            lead.land(Ok(Some(value.clone())));
            Ok(Some(Sourced::new(value, Source::Load)))
        }
    }
}

/// A value that was just loaded.
pub(super) struct Loaded<'a, T> {
    pub(super) value: Arc<T>,
    pub(super) stamp: Position,
    pub(super) traits: &'a Traits,
}

/// Fills L2 if there is a lease to do so, then L1 unless the fill was refused.
pub(super) async fn fill_and_keep<T: Cacheable>(
    request: &Request<'_>,
    boarded: &Boarded,
    lease: Option<lease::Held>,
    loaded: Loaded<'_, T>,
    series: Option<&Series>,
) {
    let Loaded {
        value,
        stamp,
        traits,
    } = loaded;
    if traits.ttl.is_zero() || !request.has_usable_key() {
        return;
    }
    let lives_until = clock::now() + traits.ttl;
    let filled = match lease {
        Some(lease) => lease.fill(request, &*value, stamp, traits).await,
        None if request.instance.codec.fits(&*value) => Filled::NotTried,
        None => Filled::TooLarge,
    };
    if filled == Filled::TooLarge {
        if let Some(series) = series {
            series.oversized();
        }
        return;
    }
    let kept = Guard::RefusedFillStaysOut.demands(filled != Filled::Refused) && {
        let copy = Copy {
            value,
            stamp,
            source: Source::Load,
            traits,
            lives_until,
        };
        keep(request.slice, boarded, copy, series)
    };
    if let Some(series) = series {
        series.fill(filled == Filled::Stored || kept);
    }
}

/// Asks the source.
async fn traced<T, E, F, Loading>(key: &str, load: F) -> Result<T, E>
where
    F: FnOnce() -> Loading,
    Loading: Future<Output = Result<T, E>>,
{
    let span = spans::load(key);
    let loaded = async { load().await }.instrument(span.clone()).await;
    if loaded.is_err() {
        spans::failed(&span);
    }
    loaded
}

async fn load_for_oneself<T, E, F, Loading>(
    key: &str,
    load: F,
    series: Option<&Series>,
) -> Result<Option<Sourced<T>>, Arc<E>>
where
    F: FnOnce() -> Loading,
    Loading: Future<Output = Result<Option<Entry<T>>, E>>,
{
    if let Some(series) = series {
        series.load();
    }
    let loaded = traced(key, load).await.map_err(Arc::new)?;
    Ok(loaded.map(|entry| Sourced::new(Arc::new(entry.value), Source::Load)))
}

/// What a flight brought, in the types of one who joined it; `None` when they differ.
fn shared_result<T: Any + Send + Sync, E: Any + Send + Sync>(
    landed: Landed,
) -> Option<Result<Option<Sourced<T>>, Arc<E>>> {
    match landed {
        Ok(None) => Some(Ok(None)),
        Ok(Some(value)) => {
            let value = value.downcast().ok()?;
            Some(Ok(Some(Sourced::new(value, Source::Flight))))
        }
        Err(error) => error.downcast().ok().map(Err),
    }
}
