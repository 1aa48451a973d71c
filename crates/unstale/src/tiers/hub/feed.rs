//! One cache's reader of a hub's log.

use std::sync::Arc;
use std::time::Duration;

use super::Hub;
use super::tier::fence;
use crate::core::{Fenced, Position, Snapshot};
use crate::local::Local;
use crate::tiers::shared::{Entries, Unavailable};

/// One cache's reader of a hub's log.
pub(crate) struct HubFeed {
    hub: Hub,
    local: Arc<Local>,
}

impl HubFeed {
    pub(super) fn new(hub: &Hub, local: &Arc<Local>) -> Self {
        Self {
            hub: hub.clone(),
            local: local.clone(),
        }
    }

    pub(crate) async fn probe(&self) -> Result<Fenced, Unavailable> {
        fence(&self.hub, &self.local)
    }

    pub(crate) async fn snapshot(&self) -> Result<Snapshot, Unavailable> {
        self.hub.snapshot().ok_or(Unavailable::NotFenced)
    }

    pub(crate) async fn entries(
        &self,
        cursor: Position,
        wait: Duration,
    ) -> Result<Entries, Unavailable> {
        Ok(Entries::all(self.hub.await_entries(cursor, wait).await))
    }
}
