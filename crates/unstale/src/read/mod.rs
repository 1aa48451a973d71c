//! The way of a read: get → L1 → L2 → load → fill.

mod acquire;
mod await_fill;
mod flights;
mod get;
mod get_many;
mod hit;
mod inspect;
mod keep;
mod l2;
mod lease;
mod load;
mod lookup;
mod peek;
mod sourced;

use std::any::Any;
use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::core::Position;
use crate::entry::EntryOptions;
use crate::error::KeyError;
use crate::instance::Instance;
use crate::observe::Series;
use crate::partitions::Slice;
use crate::policy::Policy;
use crate::tiers::record::Traits;

pub use inspect::FromIds;
pub use lookup::{Lease, Lookup};
pub use peek::Peek;
pub use sourced::{Source, Sourced};

pub(crate) use flights::Flights;
pub(crate) use get::get_past_l1;
pub(crate) use get_many::get_many;
pub(crate) use hit::{hit, hit_of};
pub(crate) use inspect::{Inspection, Inspector, inspect};
pub(crate) use keep::put_alone;
pub(crate) use load::{get_or_load, load_past_l1};
pub(crate) use lookup::lookup;
pub(crate) use peek::peek;

/// What a value must be, to be shared between threads and instances: implemented for every type
/// that is.
///
/// A copy that leaves L1 is dropped by whoever makes it leave: a reader or writer of any key, or a
/// task of the cache. No lock is held then, so a value's `Drop` may call the cache. If it panics,
/// that is caught and logged, and concerns nobody else.
pub trait Cacheable: Serialize + DeserializeOwned + Any + Send + Sync {}

impl<T: Serialize + DeserializeOwned + Any + Send + Sync> Cacheable for T {}

/// One read: what it is for, and what applies to its key.
pub(crate) struct Request<'a> {
    pub(crate) instance: &'a Arc<Instance>,
    /// The partition of its key.
    pub(crate) slice: &'a Slice,
    pub(crate) key: &'a str,
    /// The read has to see at least this.
    pub(crate) at_least: Position,
    /// A policy given in code.
    pub(crate) policy: Option<&'a Policy>,
    /// The label of the key's space.
    pub(crate) label: Option<&'a Arc<str>>,
}

impl<'a> Request<'a> {
    /// Whether the key can be used. A read has no place for an error: without a usable key it is a
    /// miss that fills nothing, and says so in the log.
    pub(crate) fn has_usable_key(&self) -> bool {
        match KeyError::check(self.key) {
            Ok(()) => true,
            Err(error) => {
                tracing::error!(%error, "a read bypasses the cache");
                false
            }
        }
    }

    /// Where this key is counted.
    pub(crate) fn series(&self) -> Option<&'a Series> {
        self.instance.series(self.key, self.label)
    }

    /// What applies to an entry of this key.
    pub(crate) fn traits(&self, options: &EntryOptions) -> Traits {
        self.instance.traits(self.key, self.policy, options)
    }
}
