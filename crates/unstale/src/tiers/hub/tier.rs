//! One cache's end of a hub.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use super::steps::Terms;
use super::{Hub, HubFeed};
use crate::config::Config;
use crate::core::{Appended, Fenced, Message};
use crate::local::Local;
use crate::random;
use crate::tiers::Unavailable;
use crate::tiers::record::Value;
use crate::tiers::shared::{
    Awaited, Claim, Fill, Guarded, Leftover, Looked, StoreEntry, life_of_hand_over,
};

/// One cache's end of a hub.
pub(crate) struct HubTier {
    hub: Hub,
    local: Arc<Local>,
    origin: u64,
    lease_ttl: Duration,
    hand_over_life: Duration,
    max_log_length: usize,
    max_bans: usize,
}

impl HubTier {
    pub(super) fn new(hub: &Hub, config: &Config, local: Arc<Local>, origin: u64) -> Self {
        Self {
            hub: hub.clone(),
            local,
            origin,
            lease_ttl: config.lease_ttl,
            hand_over_life: life_of_hand_over(config),
            max_log_length: usize::try_from(config.stream.max_stream_length).unwrap_or(usize::MAX),
            max_bans: config.max_bans,
        }
    }

    /// Whether the hub answers.
    pub(crate) fn is_up(&self) -> bool {
        self.hub.is_answering()
    }

    /// Has what is pending sent, whenever the hub answers again.
    pub(crate) fn when_back<S: Fn()>(&self, send: S) -> impl Future<Output = ()> + use<S> {
        let mut turns = self.hub.turns();
        async move {
            loop {
                turns.next_answer().await;
                send();
            }
        }
    }

    /// Fences, and takes note of the answer.
    pub(crate) fn fence(&self) -> Result<(), Unavailable> {
        while !self.local.adopt(fence(self.hub.answering()?, &self.local)?) {}
        Ok(())
    }

    pub(crate) async fn look(&self, key: &str) -> Result<Option<Looked>, Unavailable> {
        Ok(self.hub.answering()?.look(key))
    }

    pub(crate) async fn look_many(
        &self,
        keys: &[Arc<str>],
    ) -> Result<Vec<Option<Looked>>, Unavailable> {
        Ok(self.hub.answering()?.look_many(keys))
    }

    pub(crate) async fn look_guarded(&self, key: &str) -> Result<Guarded, Unavailable> {
        Ok(self
            .hub
            .answering()?
            .look_guarded(key, self.local.witness()))
    }

    pub(crate) async fn claim(&self, key: &str, lease: &Bytes) -> Result<Claim, Unavailable> {
        Ok(self.hub.answering()?.claim(key, lease, self.lease_ttl))
    }

    pub(crate) async fn take_over(
        &self,
        key: &str,
        seen: &[u8],
        lease: &Bytes,
    ) -> Result<bool, Unavailable> {
        Ok(self
            .hub
            .answering()?
            .take_over(key, seen, lease, self.lease_ttl))
    }

    pub(crate) async fn fill(
        &self,
        key: &str,
        lease: &Bytes,
        value: &Value,
        rest: &[u8],
    ) -> Result<Fill, Unavailable> {
        Ok(self.hub.answering()?.fill(key, lease, value, rest))
    }

    pub(crate) async fn await_fill(&self, key: &str, lease: &[u8]) -> Result<Awaited, Unavailable> {
        Ok(self
            .hub
            .answering()?
            .await_fill(key, lease, self.hand_over_life))
    }

    pub(crate) async fn hand_over(
        &self,
        lease: &[u8],
        value: &Value,
        rest: &[u8],
    ) -> Result<(), Unavailable> {
        let hub = self.hub.answering()?;
        hub.hand_over(lease, value, rest, self.hand_over_life);
        Ok(())
    }

    pub(crate) async fn release(&self, key: &str, lease: &Bytes) -> Result<(), Unavailable> {
        self.hub.answering()?.release(key, lease);
        Ok(())
    }

    pub(crate) async fn touch(&self, key: &str, seen: &[u8]) -> Result<Leftover, Unavailable> {
        Ok(self.hub.answering()?.touch(key, seen))
    }

    pub(crate) async fn invalidate(&self, message: &Message) -> Result<Appended, Unavailable> {
        self.append(|terms| self.hub.invalidate(terms, message))
    }

    pub(crate) async fn store(
        &self,
        message: &Message,
        entries: &[StoreEntry],
    ) -> Result<Appended, Unavailable> {
        self.append(|terms| self.hub.store(terms, message, entries))
    }

    pub(crate) fn listen(&self) -> Result<HubFeed, Unavailable> {
        self.hub.in_reach_of(self.origin)?;
        self.fence()?;
        Ok(HubFeed::new(&self.hub, &self.local, self.origin))
    }

    /// Appends under the history this instance knows; fences and tries again when it is over.
    fn append(&self, append: impl Fn(&Terms) -> Option<Appended>) -> Result<Appended, Unavailable> {
        self.hub.answering()?;
        let attempt = || {
            let (ours, ban_margin) = self
                .local
                .with(|partition, _| (partition.witness(), partition.ban_retention_beyond_ttl()));
            append(&Terms {
                ours,
                max_log_length: self.max_log_length,
                max_bans: self.max_bans,
                ban_margin,
            })
        };
        match attempt() {
            Some(appended) => Ok(appended),
            None => {
                self.fence()?;
                attempt().ok_or(Unavailable::NotFenced)
            }
        }
    }
}

/// Fences with what an instance knows.
pub(super) fn fence(hub: &Hub, local: &Local) -> Result<Fenced, Unavailable> {
    let fresh_nonce = random::number().map_err(|_| Unavailable::Down)?;
    let (ours, longest_ttl) =
        local.with(|partition, _| (partition.witness(), partition.longest_ttl()));
    Ok(hub.fence(ours, fresh_nonce, longest_ttl))
}
