//! A value from L2, or the lease to fill it: one round trip, unless somebody else is loading.

use std::sync::Arc;

use super::await_fill::{Awaited, Patience, await_fill};
use super::l2::{Found, is_recent_enough, look_guarded, may_use_l2, usable};
use super::{Cacheable, Request, lease};
use crate::clock;
use crate::core::{Position, Reach, Tick};
use crate::tiers::record::{self, Record};
use crate::tiers::{Claim, Looked, Shared};

/// What a reader has before it loads.
pub(super) enum Acquired<T> {
    /// No need to load.
    Found(Found<T>),
    /// Another's load brought it, in which this reader shares: its lease was there when he looked.
    Shared(Arc<T>),
    /// The right to fill L2.
    Lease(lease::Held),
    /// Nothing: load, and leave L2 alone.
    Nothing,
}

/// Looks into L2, claims the lease of a missing or useless record, and waits for the fill of
/// another's, up to a bound.
pub(super) async fn acquire<T: Cacheable>(
    request: &Request<'_>,
    key: &Arc<str>,
    reach: Reach,
) -> Acquired<T> {
    let Some(shared) = &request.slice.shared else {
        return Acquired::Nothing;
    };
    match reach {
        Reach::SourceOnly => Acquired::Nothing,
        Reach::Guarded => match look_guarded(request, shared).await {
            Some(found) => Acquired::Found(found),
            None => claim_missing(request, key, shared).await,
        },
        Reach::Direct => look_or_claim(request, key, shared).await,
    }
}

/// For an instance that may have missed bans: only a key that is missing is claimed. Whatever is
/// there could not be judged without the server's bans.
async fn claim_missing<T: Cacheable>(
    request: &Request<'_>,
    key: &Arc<str>,
    shared: &Shared,
) -> Acquired<T> {
    let lease = lease::Held::draft(request, key);
    match shared.claim(key, lease.bytes()).await {
        Ok(Claim::Granted) => Acquired::Lease(lease),
        Ok(Claim::Occupied(_)) => {
            lease.refused();
            Acquired::Nothing
        }
        Err(_) => Acquired::Nothing,
    }
}

async fn look_or_claim<T: Cacheable>(
    request: &Request<'_>,
    key: &Arc<str>,
    shared: &Shared,
) -> Acquired<T> {
    let mut patience = Patience::of(request);
    loop {
        let asked = clock::now();
        let lease = lease::Held::draft(request, key);
        let looked = match shared.claim(key, lease.bytes()).await {
            Ok(Claim::Granted) => return Acquired::Lease(lease),
            Ok(Claim::Occupied(looked)) => looked,
            Err(_) => return Acquired::Nothing,
        };
        match judge(request, &looked, asked).await {
            Judgement::Usable(found) => {
                lease.refused();
                return Acquired::Found(found);
            }
            Judgement::Useless => {
                let seen = record::identity(&looked.bytes);
                match shared.take_over(key, seen, lease.bytes()).await {
                    Ok(true) => return Acquired::Lease(lease),
                    Ok(false) => lease.refused(),
                    Err(_) => return Acquired::Nothing,
                }
                if !may_use_l2(request) || !patience.allows_another().await {
                    return Acquired::Nothing;
                }
            }
            Judgement::ComingUp(stamp) => {
                lease.refused();
                let awaited = (&looked.bytes, stamp);
                match await_fill(request, shared, awaited, &mut patience).await {
                    Awaited::Found(found) => return Acquired::Found(found),
                    Awaited::HandedOver(value) => return Acquired::Shared(value),
                    Awaited::Gone => {}
                    Awaited::InVain => return Acquired::Nothing,
                }
            }
        }
    }
}

/// What is to be thought of a record that is in the place of ours.
enum Judgement<T> {
    Usable(Found<T>),
    /// Another's lease with this stamp, whose fill will be of use.
    ComingUp(Position),
    /// Of another epoch or format, forbidden, or a lease whose load began too early.
    Useless,
}

async fn judge<T: Cacheable>(request: &Request<'_>, looked: &Looked, asked: Tick) -> Judgement<T> {
    if let Record::Lease { stamp } = record::parse(&looked.bytes) {
        return if is_recent_enough(request, stamp) {
            Judgement::ComingUp(stamp)
        } else {
            Judgement::Useless
        };
    }
    match usable(request, looked, asked, None).await {
        Some(found) => Judgement::Usable(found),
        None => Judgement::Useless,
    }
}
