//! L2: reading a record, and deciding whether it may be used.

use std::sync::Arc;

use bytes::Bytes;

use super::{Cacheable, Request};
use crate::clock;
use crate::core::{Position, Reach, Snapshot, Tick};
use crate::tiers::record::{self, Record, Traits};
use crate::tiers::{Looked, Shared};

/// A value that may be used, and what a copy of it has to keep.
pub(super) struct Found<T> {
    pub(super) value: Arc<T>,
    pub(super) stamp: Position,
    pub(super) traits: Traits,
    /// Its absolute expiration.
    pub(super) lives_until: Tick,
}

/// Reads without filling.
pub(super) async fn look<T: Cacheable>(request: &Request<'_>, reach: Reach) -> Option<Found<T>> {
    let shared = request.slice.shared.as_ref()?;
    let asked = clock::now();
    match reach {
        Reach::SourceOnly => None,
        Reach::Guarded => look_guarded(request, shared).await,
        Reach::Direct => {
            let looked = shared.look(request.key).await.ok()??;
            usable(request, &looked, asked, None).await
        }
    }
}

/// Reads together with the bans that the server knows, because this instance may have missed
/// some. Where the server's history may be over it is fenced, because others may go on in it.
pub(super) async fn look_guarded<T: Cacheable>(
    request: &Request<'_>,
    shared: &Shared,
) -> Option<Found<T>> {
    let asked = clock::now();
    let guarded = shared.look_guarded(request.key).await.ok()?;
    let local = &request.slice.local;
    let told = guarded.snapshot.as_ref();
    let adopted = told.filter(|snapshot| local.adopt(snapshot.fenced));
    let Some(snapshot) = adopted else {
        if told.is_none() || local.with(|partition, _| partition.is_disowned()) {
            // What comes of it tells in the reads to come.
            let _ = shared.fence().await;
        }
        return None;
    };
    if !snapshot.reaches(request.at_least) {
        return None;
    }
    usable(request, &guarded.looked?, asked, Some(snapshot)).await
}

/// The value of a record, if it is one that may be used. Anything else is a miss, never an error.
pub(super) async fn usable<T: Cacheable>(
    request: &Request<'_>,
    looked: &Looked,
    asked: Tick,
    snapshot: Option<&Snapshot>,
) -> Option<Found<T>> {
    let (value, record::Value { stamp, traits, .. }) = readable(request, &looked.bytes, snapshot)?;
    let lives_until = if traits.sliding.is_some() {
        let shared = request.slice.shared.as_ref()?;
        let left = shared
            .touch(request.key, record::identity(&looked.bytes))
            .await
            .ok()?;
        asked + left.absolute
    } else {
        // A record that took this one's place in the middle of the read may live longer.
        asked + looked.remaining.min(traits.ttl)
    };
    Some(Found {
        value,
        stamp,
        traits,
        lives_until,
    })
}

/// What these bytes hold, decoded, and all that comes with it: unless they are of another epoch or an
/// unknown format, or forbidden by a ban.
pub(super) fn readable<T: Cacheable>(
    request: &Request<'_>,
    bytes: &Bytes,
    snapshot: Option<&Snapshot>,
) -> Option<(Arc<T>, record::Value)> {
    let unreadable = || {
        if let Some(series) = request.series() {
            series.unreadable();
        }
    };
    let found = match record::parse(bytes) {
        Record::Value(found) => found,
        Record::Lease { .. } => return None,
        Record::Foreign => {
            unreadable();
            return None;
        }
    };
    let (stamp, tags) = (found.stamp, &found.traits.tags);
    let accepted = snapshot.is_none_or(|snapshot| snapshot.accepts(request.key, tags, stamp))
        && request
            .slice
            .local
            .with(|partition, _| partition.accepts(request.key, tags, stamp));
    if !accepted {
        return None;
    }
    let Some(value) = request.instance.codec.decode(&found.encoded) else {
        tracing::debug!(
            key = request.key,
            "a record cannot be decoded as the type asked for"
        );
        unreadable();
        return None;
    };
    Some((Arc::new(value), found))
}

/// Whether the load of a lease with this stamp can be of use here, as far as bans are known.
pub(super) fn is_recent_enough(request: &Request<'_>, stamp: Position) -> bool {
    let local = &request.slice.local;
    local.with(|partition, _| partition.is_recent_enough(request.key, stamp))
}

/// Whether things are still as they were when this read began to use L2 directly.
pub(super) fn may_use_l2(request: &Request<'_>) -> bool {
    let now = clock::now();
    let reach = request
        .slice
        .local
        .with(|partition, _| partition.reach(request.key, request.at_least, now));
    reach == Reach::Direct
}
