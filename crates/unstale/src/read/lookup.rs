//! Hand-written cache-aside, made safe: a miss comes with the lease to fill it.

use std::marker::PhantomData;
use std::sync::Arc;

use super::acquire::{Acquired, acquire};
use super::flights::Boarded;
use super::hit::hit;
use super::keep::keep_found;
use super::load::{Loaded, fill_and_keep};
use super::{Cacheable, Request, lease};
use crate::clock;
use crate::core::{Position, Reach};
use crate::entry::Entry;
use crate::instance::Instance;
use crate::policy::Policy;

/// What a [`lookup`](crate::Cache::lookup) found.
#[derive(Debug)]
#[must_use = "a miss holds the lease of its key until it is filled or dropped"]
pub enum Lookup<T> {
    /// The value.
    Hit(Arc<T>),
    /// Nothing that may be served. Load the value *after* this, and fill it in through the lease.
    Miss(Lease<T>),
}

/// The right to fill in one missing value, once.
///
/// Whatever is invalidated between the miss and the fill makes the fill void, so a value that was
/// read too early is never stored. Dropped unused, the lease is given back, and the next reader
/// gets it.
#[must_use = "a lease that is dropped fills nothing"]
pub struct Lease<T> {
    miss: Box<Miss>,
    value: PhantomData<fn() -> T>,
}

struct Miss {
    instance: Arc<Instance>,
    boarded: Boarded,
    held: Option<lease::Held>,
    stamp: Position,
    policy: Option<Policy>,
    label: Option<Arc<str>>,
}

impl<T> std::fmt::Debug for Lease<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Lease")
            .field("key", &self.miss.boarded.key)
            .finish_non_exhaustive()
    }
}

impl<T: Cacheable> Lease<T> {
    /// Fills in the value that was loaded since, with the options of its key's policy, and hands
    /// it back. Whether it was stored does not matter to the caller: he has what he loaded.
    ///
    /// When this future is dropped, the value is stored or is not; it is never stored too late.
    pub async fn fill(self, value: T) -> Arc<T> {
        self.fill_entry(Entry::new(value)).await
    }

    /// The same, with options.
    pub async fn fill_entry(self, entry: Entry<T>) -> Arc<T> {
        let miss = *self.miss;
        let request = Request {
            instance: &miss.instance,
            slice: miss.instance.partitions.of(&miss.boarded.key),
            key: &miss.boarded.key,
            at_least: Position::ORIGIN,
            policy: miss.policy.as_ref(),
            label: miss.label.as_ref(),
        };
        let traits = request.traits(&entry.options);
        let value = Arc::new(entry.value);
        let loaded = Loaded {
            value: value.clone(),
            stamp: miss.stamp,
            traits: &traits,
        };
        let series = request.series();
        fill_and_keep(&request, &miss.boarded, miss.held, loaded, series).await;
        value
    }
}

/// Reads, and takes the lease of what is missing.
pub(crate) async fn lookup<T: Cacheable>(request: &Request<'_>) -> Lookup<T> {
    if let Some(value) = hit(request) {
        return Lookup::Hit(value);
    }
    let began = clock::now();
    let series = request.series();
    let instance = request.instance;
    let (boarded, mut reach) =
        Boarded::alone(&request.slice.local, request.key.into(), request.at_least);
    if !request.has_usable_key() {
        reach = Reach::SourceOnly;
    }
    let held = match acquire::<T>(request, &boarded.key, reach).await {
        Acquired::Found(found) => {
            keep_found(request.slice, &boarded, &found, began, series);
            return Lookup::Hit(found.value);
        }
        Acquired::Shared(value) => {
            if let Some(series) = series {
                series.miss(clock::now().since(began), true);
            }
            return Lookup::Hit(value);
        }
        Acquired::Lease(held) => Some(held),
        Acquired::Nothing => None,
    };
    if let Some(series) = series {
        series.miss(clock::now().since(began), false);
        series.load();
    }
    let stamp = lease::stamp_of_load(request.slice, held.as_ref());
    let miss = Miss {
        instance: instance.clone(),
        boarded,
        held,
        stamp,
        policy: request.policy.cloned(),
        label: request.label.cloned(),
    };
    Lookup::Miss(Lease {
        miss: Box::new(miss),
        value: PhantomData,
    })
}
