//! Waiting for what another instance loads.
//!
//! A reader who has seen another's lease shares in its load, as those do who join a flight: whatever was
//! removed before he looked would have taken the lease away, so the load began after it. A removal that
//! comes later takes the lease away as well, and then the value is refused; it is handed over to those
//! who have waited since before.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use super::l2::{Found, is_recent_enough, may_use_l2, readable, usable};
use super::{Cacheable, Request};
use crate::clock;
use crate::core::{Position, Tick};
use crate::protect::Pauses;
use crate::tiers::{self, Shared};

/// Pauses between looks.
const FIRST_LOOK: Duration = Duration::from_millis(1);
const LAST_LOOK: Duration = Duration::from_millis(20);

/// For how long, and how often, one reader looks for what others load.
pub(super) struct Patience {
    ends: Tick,
    pauses: Pauses,
}

impl Patience {
    pub(super) fn of(request: &Request<'_>) -> Self {
        Self {
            ends: clock::now() + request.instance.lease_wait,
            pauses: Pauses::growing(FIRST_LOOK, LAST_LOOK),
        }
    }

    /// Waits for the next look. False when it is time to give up.
    pub(super) async fn allows_another(&mut self) -> bool {
        let rest = self.ends.since(clock::now());
        if rest.is_zero() {
            return false;
        }
        tokio::time::sleep(self.pauses.next().min(rest)).await;
        true
    }
}

/// What came of waiting.
pub(super) enum Awaited<T> {
    /// A record that may be used.
    Found(Found<T>),
    /// What the load has brought.
    HandedOver(Arc<T>),
    /// There is nothing to wait for any longer.
    Gone,
    /// It has taken too long, or L2 is not to be used any longer.
    InVain,
}

/// Waits for the fill of this lease, which has this stamp.
pub(super) async fn await_fill<T: Cacheable>(
    request: &Request<'_>,
    shared: &Shared,
    (lease, stamp): (&Bytes, Position),
    patience: &mut Patience,
) -> Awaited<T> {
    // When the lease runs out, once its holder will find out that it is awaited, because it was still
    // there when that was said. Nobody counts on a holder for longer.
    let mut runs_out = None;
    let mut is_gone = false;
    while may_use_l2(request) {
        if !patience.allows_another().await {
            return if is_gone {
                Awaited::Gone
            } else {
                Awaited::InVain
            };
        }
        if !is_recent_enough(request, stamp) {
            return Awaited::Gone;
        }
        let asked = clock::now();
        let Ok(seen) = shared.await_fill(request.key, lease).await else {
            return Awaited::InVain;
        };
        let tiers::Awaited { handed, looked } = seen;
        match looked {
            Some(looked) if looked.bytes == *lease => {
                runs_out = Some(asked + looked.remaining);
                continue;
            }
            Some(looked) => {
                if let Some(found) = usable(request, &looked, asked, None).await {
                    return Awaited::Found(found);
                }
            }
            None => {}
        }
        match handed {
            Some(bytes) if !bytes.is_empty() => {
                return match handed_over(request, &bytes) {
                    Some(value) => Awaited::HandedOver(value),
                    None => Awaited::Gone,
                };
            }
            Some(_) if runs_out.is_some_and(|end| clock::now() < end) => is_gone = true,
            // `None`: there will be no hand-over.
            _ => return Awaited::Gone,
        }
    }
    Awaited::InVain
}

/// What a load has brought, if it may be used by a reader who has waited for it. Bans do not take
/// leases away, so those that are known by now decide.
fn handed_over<T: Cacheable>(request: &Request<'_>, bytes: &Bytes) -> Option<Arc<T>> {
    let (value, _) = may_use_l2(request).then(|| readable(request, bytes, None))??;
    Some(value)
}
