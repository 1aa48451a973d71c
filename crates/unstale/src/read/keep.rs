//! Keeping a copy in L1: the only place that inserts into it.

use std::any::Any;
use std::sync::Arc;

use super::Request;
use super::flights::Boarded;
use super::l2::Found;
use super::sourced::Source;
use crate::clock;
use crate::core::{Change, Guard, Position, Tick};
use crate::observe::Series;
use crate::partitions::Slice;
use crate::tiers::record::Traits;
use crate::tiers::{Held, Value};

/// What a copy is made of.
pub(super) struct Copy<'a> {
    pub(super) value: Value,
    pub(super) stamp: Position,
    pub(super) source: Source,
    pub(super) traits: &'a Traits,
    pub(super) lives_until: Tick,
}

/// Spends the ticket: keeps the copy if it is still alive and nothing newer is known. True when
/// it was admitted.
pub(super) fn keep(
    slice: &Slice,
    boarded: &Boarded,
    copy: Copy<'_>,
    series: Option<&Series>,
) -> bool {
    let Copy {
        value,
        stamp,
        source,
        traits,
        lives_until,
    } = copy;
    let now = clock::now();
    slice.local.with(|partition, memory| {
        let admitted = partition.admit(
            boarded.ticket,
            &boarded.key,
            &traits.tags,
            stamp,
            traits.ttl,
        );
        if let Some(checked) = admitted
            && now < lives_until
        {
            let series = series.map(Series::id);
            let (key, origin) = (&boarded.key, (stamp, source));
            let held = Held::new(key, origin, traits, now, lives_until, checked, series);
            memory.insert(held, &value);
        }
        admitted.is_some()
    })
}

/// Keeps a copy of what was found in L2 by a read that began then, and counts the hit.
pub(super) fn keep_found<T: Any + Send + Sync>(
    slice: &Slice,
    boarded: &Boarded,
    found: &Found<T>,
    began: Tick,
    series: Option<&Series>,
) {
    if let Some(series) = series {
        series.l2_hit(clock::now().since(began));
    }
    let stamp = if Guard::CopyKeepsStamp.holds() {
        found.stamp
    } else {
        slice.local.with(|partition, _| partition.known())
    };
    let copy = Copy {
        value: found.value.clone(),
        stamp,
        source: Source::L2,
        traits: &found.traits,
        lives_until: found.lives_until,
    };
    keep(slice, boarded, copy, series);
}

/// Without an L2, `set` puts the value into L1, under a ticket of its own that nothing can revoke
/// in between.
pub(crate) fn put_alone(request: &Request<'_>, key: Arc<str>, value: Value, traits: &Traits) {
    let series = request.series().map(Series::id);
    let now = clock::now();
    let lives_until = now + traits.ttl;
    request.slice.local.with(|partition, memory| {
        let position = partition.execute(&Change::Key(key.clone()), now, memory);
        let ticket = partition.open_ticket(&key);
        if let Some(checked) = partition.admit(ticket, &key, &traits.tags, position, traits.ttl)
            && now < lives_until
        {
            let origin = (position, Source::Load);
            let held = Held::new(&key, origin, traits, now, lives_until, checked, series);
            memory.insert(held, &value);
        }
    });
}
