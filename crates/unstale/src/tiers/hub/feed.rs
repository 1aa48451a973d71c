//! One cache's reader of a hub's log.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Mutex, watch};

use super::Hub;
use super::tier::fence;
use crate::core::{Fenced, Position, Snapshot};
use crate::local::Local;
use crate::tiers::shared::{Entries, Unavailable};

/// One cache's reader of a hub's log.
pub(crate) struct HubFeed {
    hub: Hub,
    local: Arc<Local>,
    news: Mutex<watch::Receiver<()>>,
}

impl HubFeed {
    pub(super) fn new(hub: &Hub, local: &Arc<Local>) -> Self {
        Self {
            hub: hub.clone(),
            local: local.clone(),
            news: Mutex::new(hub.news()),
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
        let mut news = self.news.lock().await;
        news.borrow_and_update();
        let mut entries = self.hub.entries_after(cursor);
        if entries.is_empty() {
            // Nothing new within the wait is no failure, and the hub outlives its feeds.
            let _ = tokio::time::timeout(wait, news.changed()).await;
            entries = self.hub.entries_after(cursor);
        }
        Ok(Entries::all(entries))
    }
}
