//! L1: the read that costs nothing but memory.

use std::sync::Arc;

use super::{Cacheable, Request};
use crate::clock;
use crate::core::{Guard, Position, Tick};
use crate::tiers::{Look, Sliding, Value};

/// The value of this instance's own copy, if it may be served: not expired, this instance proven,
/// no newer ban. A key with a pending removal has no copy, because the removal dropped it and
/// none is admitted.
pub(crate) fn hit<T: Cacheable>(request: &Request<'_>) -> Option<Arc<T>> {
    let counting = request.instance.catalogue.counting();
    let look = Look::at(&request.key);
    let value = servable(request, &look)?.downcast().ok()?;
    if let Some(series) = look.series() {
        request.instance.catalogue.l1_hit(series, counting);
    }
    if let Some(sliding) = look.into_sliding() {
        slide(request, &sliding);
    }
    Some(value)
}

/// The same for values of all types.
#[inline]
fn servable(request: &Request<'_>, look: &Look<'_>) -> Option<Value> {
    let local = &request.slice.local;
    // Before the copy is taken: one that a removal drops in the meantime must not pass for what
    // is known only afterwards. The bans after it, because they stay.
    let mut holds_until = local.holds_until();
    if request.at_least > Position::ORIGIN && Guard::TokenSkipsL1.forbids(is_behind(request)) {
        return None;
    }
    let mut value = local.memory.get(look)?;
    if !Guard::ProofBeforeCopy.holds() {
        holds_until = local.holds_until();
    }
    if look.checked() != local.bans_arrived() {
        value = recheck(request, look)?;
    }
    let expires = look.expires();
    let deadline = if Guard::ProofForL1.holds() {
        expires.min(holds_until)
    } else {
        expires
    };
    if !clock::is_before(deadline) {
        drop_if_expired(request, expires);
        return None;
    }
    Some(value)
}

/// Whether the read has to see more than this instance has applied.
#[cold]
fn is_behind(request: &Request<'_>) -> bool {
    request.slice.local.position() < request.at_least
}

/// Bans have arrived since the copy was last compared with them. It is taken anew, in the turn
/// that compares it: another may be in its place by now.
#[cold]
fn recheck(request: &Request<'_>, look: &Look<'_>) -> Option<Value> {
    request.slice.local.with(|partition, memory| {
        memory.recheck(look, |held| {
            partition.validity(request.key, held.tags(), held.stamp, held.checked())
        })
    })
}

/// The copy may not be served: because it has expired, or for want of a proof.
#[cold]
fn drop_if_expired(request: &Request<'_>, expires: Tick) {
    if !clock::is_before(expires) {
        let memory = &request.slice.local.memory;
        memory.drop_if_expired(request.key, clock::now());
    }
}

/// Reading the copy prolongs it.
#[cold]
fn slide(request: &Request<'_>, sliding: &Sliding) {
    if sliding.slide(clock::now()) {
        prolong_in_l2(request);
    }
}

/// A record that slides would expire in L2 while L1 is in use. Whatever record is there is
/// prolonged; nobody waits for it.
fn prolong_in_l2(request: &Request<'_>) {
    let Some(shared) = request.slice.shared.clone() else {
        return;
    };
    let key = request.key.to_owned();
    request.instance.tasks.runtime.spawn(async move {
        if let Err(failure) = shared.touch(&key, b"V1 ").await {
            tracing::debug!(%failure, "a sliding record was not prolonged");
        }
    });
}
