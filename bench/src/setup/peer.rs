//! `multi-tier-cache`, the nearest Rust crate, in its best configuration: a large L1 that does not
//! expire early, MessagePack in the place of JSON, invalidation over Pub/Sub.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use futures_util::future::join_all;
use multi_tier_cache::serialization::MsgPackSerializer;
use multi_tier_cache::{
    CacheBackend, CacheManager, CacheSerializer, CacheStrategy, InvalidationConfig, L1Cache,
    L2Cache, MokaCacheConfig,
};
use serde::Serialize;
use workload::{Origin, Read, Removal, Row, Subject};

/// Values live for as long as those of Unstale do.
const TTL: Duration = Duration::from_secs(120);

/// One instance of `multi-tier-cache`.
#[derive(Clone)]
pub struct MultiTier {
    manager: Arc<CacheManager>,
    l1: Arc<L1Cache>,
    ttl: Duration,
}

impl MultiTier {
    /// One instance on this server, whose L1 holds so many entries.
    ///
    /// # Errors
    /// When the server cannot be reached.
    pub async fn start(url: &str, capacity: u64) -> Result<Self> {
        let l1 = Arc::new(L1Cache::new(MokaCacheConfig {
            max_capacity: capacity,
            time_to_live: Duration::from_secs(24 * 3600),
            time_to_idle: Duration::from_secs(24 * 3600),
        })?);
        let l2 = Arc::new(L2Cache::with_url(url).await?);
        let invalidation = InvalidationConfig::default();
        let mut manager =
            CacheManager::new_with_invalidation(l1.clone(), l2, url, invalidation).await?;
        manager.set_serializer(CacheSerializer::MsgPack(MsgPackSerializer));
        // Its subscriber tells nobody when it has subscribed.
        tokio::time::sleep(Duration::from_millis(200)).await;
        Ok(Self {
            manager: Arc::new(manager),
            l1,
            ttl: TTL,
        })
    }

    /// The same instance, whose values live so long in a workload.
    pub fn with_ttl(self, ttl: Duration) -> Self {
        Self { ttl, ..self }
    }

    /// The cache.
    pub fn manager(&self) -> &CacheManager {
        &self.manager
    }

    /// Puts a value into its L1 alone.
    ///
    /// # Errors
    /// When it cannot be encoded.
    pub async fn put_in_l1<T: Serialize>(&self, key: &str, value: &T) -> Result<()> {
        let bytes = rmp_serde::to_vec(value)?.into();
        self.l1.set_with_ttl(key, bytes, TTL).await?;
        Ok(())
    }

    /// Puts a value into L1 and L2.
    ///
    /// # Errors
    /// When it cannot be encoded or stored.
    pub async fn put<T: Serialize>(&self, key: &str, value: &T) -> Result<()> {
        let bytes = rmp_serde::to_vec(value)?.into();
        let strategy = CacheStrategy::Custom(TTL);
        Ok(self.manager.set_with_strategy(key, bytes, strategy).await?)
    }

    /// Whether its L1 has no value for this key.
    pub async fn lacks_in_l1(&self, key: &str) -> bool {
        CacheBackend::get(&*self.l1, key).await.is_none()
    }
}

impl Subject for MultiTier {
    async fn read<Loading>(&self, key: &str, load: impl FnOnce() -> Loading + Send) -> Option<Read>
    where
        Loading: Future<Output = Row> + Send,
    {
        let load = || async { Ok(load().await) };
        let strategy = CacheStrategy::Custom(self.ttl);
        let read = self.manager.get_or_compute_typed(key, strategy, load);
        let row: Row = read.await.ok()?;
        Some(Read {
            version: row.version,
            origin: Origin::Cache,
        })
    }

    async fn invalidate(&self, removal: Removal<'_>) -> bool {
        match removal {
            Removal::Keys(keys) => {
                let removals = keys.into_iter().map(|key| self.manager.invalidate(key));
                join_all(removals).await.iter().all(Result::is_ok)
            }
            Removal::Patterns(patterns) => {
                let removals = patterns
                    .into_iter()
                    .map(|pattern| self.manager.invalidate_pattern(pattern));
                join_all(removals).await.iter().all(Result::is_ok)
            }
        }
    }
}
