//! Looking at a copy in L1 without reading it.

use std::sync::Arc;
use std::time::Duration;

use super::{Cacheable, Source};
use crate::clock;
use crate::core::Validity;
use crate::instance::Instance;

/// A copy in L1, as it looks to somebody who only watches.
#[derive(Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Peek<T> {
    /// The value.
    pub value: Arc<T>,
    /// How long this instance has held it, to within 17 ms; it begins again after 104 days.
    pub age: Duration,
    /// Where it came from: L2, or the source of truth.
    pub source: Source,
    /// The position before which its load began, as `epoch-seq`.
    pub stamp: String,
    /// Whether a read would be answered with it now: it has not expired, this instance is proven,
    /// and no ban forbids it.
    pub served: bool,
}

/// The copy of a key. Nothing is counted, prolonged, dropped or loaded.
pub(crate) fn peek<T: Cacheable>(instance: &Instance, key: &str) -> Option<Peek<T>> {
    // In the order of a hit.
    let local = &instance.partitions.of(key).local;
    let holds_until = local.holds_until();
    let held = instance.memory.peek(key)?;
    let value = held.value()?;
    let is_in_time = clock::is_before(held.expires().min(holds_until));
    let validity = local
        .with(|partition, _| partition.validity(key, held.tags(), held.stamp(), held.checked()));
    Some(Peek {
        value,
        age: held.age(clock::now()),
        source: held.source(),
        stamp: held.stamp().to_string(),
        served: is_in_time && validity != Validity::Banned,
    })
}
