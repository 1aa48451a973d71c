//! One cache's reader of a hub's log.

use std::sync::Arc;
use std::time::Duration;

use super::Hub;
use super::tier::fence;
use crate::core::{Fenced, Position, Snapshot};
use crate::local::Local;
use crate::tiers::Unavailable;
use crate::tiers::feed::Entries;

/// One cache's reader of a hub's log.
pub(crate) struct HubFeed {
    hub: Hub,
    local: Arc<Local>,
    origin: u64,
}

impl HubFeed {
    pub(super) fn new(hub: &Hub, local: &Arc<Local>, origin: u64) -> Self {
        Self {
            hub: hub.clone(),
            local: local.clone(),
            origin,
        }
    }

    pub(crate) async fn probe(&self) -> Result<Fenced, Unavailable> {
        fence(self.hub.in_reach_of(self.origin)?, &self.local)
    }

    pub(crate) async fn snapshot(&self) -> Result<Snapshot, Unavailable> {
        let hub = self.hub.in_reach_of(self.origin)?;
        hub.snapshot().ok_or(Unavailable::NotFenced)
    }

    pub(crate) async fn entries(
        &self,
        cursor: Position,
        wait: Duration,
    ) -> Result<Entries, Unavailable> {
        tokio::select! {
            biased;
            lost = self.hub.out_of_reach_of(self.origin) => Err(lost),
            entries = self.hub.await_entries(cursor, wait) => Ok(Entries::all(entries, &self.local)),
        }
    }
}
