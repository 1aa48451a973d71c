//! L1: the read that costs nothing but memory.

use std::sync::Arc;

use super::{Cacheable, Request};
use crate::clock;
use crate::core::{Guard, Position, Validity};
use crate::tiers::Held;

/// The value of this instance's own copy, if it may be served: not expired, this instance proven,
/// no newer ban. A key with a pending removal has no copy, because the removal dropped it and
/// none is admitted.
pub(super) fn hit<T: Cacheable>(request: &Request<'_>) -> Option<Arc<T>> {
    let instance = request.instance;
    let sampled = instance.catalogue.sampled_start();
    // Before the copy is taken: one that a removal drops in the meantime must not pass for what
    // is known only afterwards. The bans after it, because they stay.
    let mut holds_until = instance.local.holds_until();
    let is_behind =
        request.at_least > Position::ORIGIN && instance.local.position() < request.at_least;
    if Guard::TokenSkipsL1.forbids(is_behind) {
        return None;
    }
    let held = instance.local.memory.get(request.key)?;
    if !Guard::ProofBeforeCopy.holds() {
        holds_until = instance.local.holds_until();
    }
    let expires = held.expires();
    let deadline = if Guard::ProofForL1.holds() {
        expires.min(holds_until)
    } else {
        expires
    };
    if !clock::is_before(deadline) {
        if !clock::is_before(expires) {
            instance.local.memory.drop_if(request.key, &held);
        }
        return None;
    }
    if held.checked() != instance.local.bans_arrived() && !recheck(request, &held) {
        return None;
    }
    let value = held.value()?;
    if held.slides() && held.slide(clock::now()) {
        prolong_in_l2(request);
    }
    if let Some(series) = &held.series {
        series.l1_hit(sampled);
    }
    Some(value)
}

/// Bans have arrived since the copy was last compared with them.
#[cold]
fn recheck(request: &Request<'_>, held: &Arc<Held>) -> bool {
    let validity = request.instance.local.with(|partition, _| {
        partition.validity(request.key, &held.tags, held.stamp, held.checked())
    });
    match validity {
        Validity::Valid { checked } => {
            held.check(checked);
            true
        }
        Validity::Banned => {
            request.instance.local.memory.drop_if(request.key, held);
            false
        }
    }
}

/// A record that slides would expire in L2 while L1 is in use. Whatever record is there is
/// prolonged; nobody waits for it.
#[cold]
fn prolong_in_l2(request: &Request<'_>) {
    let Some(shared) = request.instance.shared.clone() else {
        return;
    };
    let key = request.key.to_owned();
    request.instance.runtime.spawn(async move {
        if let Err(failure) = shared.touch(&key, b"V1 ").await {
            tracing::debug!(%failure, "a sliding record was not prolonged");
        }
    });
}
