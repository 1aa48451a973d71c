//! L1: the read that costs nothing but memory.

use std::sync::Arc;

use super::{Cacheable, Request};
use crate::clock;
use crate::core::{Guard, Position};
use crate::instance::Instance;
use crate::partitions::Slice;
use crate::tiers::{Look, Named, Sliding, Sought, Value, let_go};

/// The value of this instance's own copy, if it may be served: not expired, this instance proven,
/// no newer ban. A key with a pending removal has no copy, because the removal dropped it and
/// none is admitted.
pub(crate) fn hit<T: Cacheable>(request: &Request<'_>) -> Option<Arc<T>> {
    let key = Named(&request.key);
    hit_of(&key, request.instance, request.slice, request.at_least)
}

/// The same for a key in either form. Its partition is the one given, and the read has to see at
/// least the position.
pub(crate) fn hit_of<T: Cacheable>(
    key: &impl Sought,
    instance: &Arc<Instance>,
    slice: &Slice,
    at_least: Position,
) -> Option<Arc<T>> {
    let counting = instance.catalogue.counting();
    let look = Look::at(key);
    let value = match servable(&look, slice, at_least)?.downcast() {
        Ok(value) => value,
        Err(of_another_type) => {
            let_go(of_another_type);
            return None;
        }
    };
    if let Some(series) = look.series() {
        instance.catalogue.l1_hit(series, counting);
    }
    if let Some(sliding) = look.into_sliding() {
        slide(&sliding, key, instance, slice);
    }
    Some(value)
}

/// The same for values of all types.
#[inline]
fn servable(look: &Look<'_, impl Sought>, slice: &Slice, at_least: Position) -> Option<Value> {
    let local = &slice.local;
    // Before the copy is taken: one that a removal drops in the meantime must not pass for what
    // is known only afterwards. The bans after it, because they stay.
    let mut holds_until = local.holds_until();
    if at_least > Position::ORIGIN && Guard::TokenSkipsL1.forbids(is_behind(slice, at_least)) {
        return None;
    }
    let mut value = local.memory.get(look)?;
    if !Guard::ProofBeforeCopy.holds() {
        holds_until = local.holds_until();
    }
    if look.checked() != local.bans_arrived() {
        value = recheck(look, slice, value)?;
    }
    let expires = look.expires();
    let deadline = if Guard::ProofForL1.holds() {
        expires.min(holds_until)
    } else {
        expires
    };
    if !clock::is_before(deadline) {
        drop_if_expired(look, slice, value);
        return None;
    }
    Some(value)
}

/// Whether the read has to see more than this instance has applied.
#[cold]
fn is_behind(slice: &Slice, at_least: Position) -> bool {
    slice.local.position() < at_least
}

/// Bans have arrived since the copy was last compared with them. It is taken anew, in the turn
/// that compares it: another may be in its place by now.
#[cold]
fn recheck(look: &Look<'_, impl Sought>, slice: &Slice, found: Value) -> Option<Value> {
    let_go(found);
    slice.local.with(|partition, memory| {
        memory.recheck(look, |held| {
            partition.validity(held.key(), held.tags(), held.stamp, held.checked())
        })
    })
}

/// The copy may not be served: because it has expired, or for want of a proof.
#[cold]
fn drop_if_expired(look: &Look<'_, impl Sought>, slice: &Slice, found: Value) {
    let_go(found);
    if !clock::is_before(look.expires()) {
        slice.local.memory.drop_if_expired(look.key(), clock::now());
    }
}

/// Reading the copy prolongs it.
#[cold]
fn slide(sliding: &Sliding, key: &impl Sought, instance: &Instance, slice: &Slice) {
    if sliding.slide(clock::now()) {
        prolong_in_l2(key, instance, slice);
    }
}

/// A record that slides would expire in L2 while L1 is in use. Whatever record is there is
/// prolonged; nobody waits for it.
fn prolong_in_l2(key: &impl Sought, instance: &Instance, slice: &Slice) {
    let Some(shared) = slice.shared.clone() else {
        return;
    };
    let Some(key) = key.text() else {
        return;
    };
    instance.tasks.runtime.spawn(async move {
        if let Err(failure) = shared.touch(&key, b"V1 ").await {
            tracing::debug!(%failure, "a sliding record was not prolonged");
        }
    });
}
