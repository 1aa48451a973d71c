//! The caches of this project as subjects.

use std::convert::Infallible;
use std::time::Duration;

use futures_util::future::join_all;
use unstale::{Cache, Config, Hub, Outcome, Source};

use crate::error::WorkloadError;
use crate::subject::{Origin, Propagation, Read, Removal, Row, Subject};

/// One instance of Unstale.
#[derive(Clone, Debug)]
pub struct Unstale(Cache);

impl Unstale {
    /// So many instances with these settings, whose values live for `ttl`.
    ///
    /// # Errors
    /// When the settings cannot work, or the server refuses the login.
    pub async fn start(
        config: Config,
        instances: usize,
        ttl: Duration,
    ) -> Result<Vec<Self>, WorkloadError> {
        Self::build(config, instances, ttl, None).await
    }

    /// The same on a hub in this process, without a server.
    ///
    /// # Errors
    /// When the settings cannot work.
    pub async fn on_hub(
        hub: &Hub,
        config: Config,
        instances: usize,
        ttl: Duration,
    ) -> Result<Vec<Self>, WorkloadError> {
        Self::build(config, instances, ttl, Some(hub)).await
    }

    /// The cache.
    pub fn cache(&self) -> &Cache {
        &self.0
    }

    async fn build(
        mut config: Config,
        instances: usize,
        ttl: Duration,
        hub: Option<&Hub>,
    ) -> Result<Vec<Self>, WorkloadError> {
        config.default_absolute_expiration = ttl;
        let mut started = Vec::with_capacity(instances);
        for number in 1..=instances {
            let mut builder = Cache::builder()
                .config(config.clone())
                .instance_name(format!("workload-{number}"));
            if let Some(hub) = hub {
                builder = builder.hub(hub);
            }
            started.push(Self(builder.build().await?));
        }
        Ok(started)
    }
}

impl Subject for Unstale {
    async fn read<Loading>(&self, key: &str, load: impl FnOnce() -> Loading + Send) -> Option<Read>
    where
        Loading: Future<Output = Row> + Send,
    {
        let load = || async { Ok::<_, Infallible>(Some(load().await)) };
        let read = self.0.get_or_load_sourced(key, load).await.ok()??;
        Some(Read {
            version: read.value.version,
            origin: match read.source {
                Source::L1 => Origin::L1,
                Source::L2 => Origin::L2,
                Source::Flight => Origin::Joined,
                Source::Load => Origin::Source,
                _ => Origin::Cache,
            },
        })
    }

    async fn invalidate(&self, removal: Removal<'_>) -> bool {
        match removal {
            Removal::Keys(keys) => self.0.remove_batch(keys).await.is_applied(),
            Removal::Patterns(patterns) => {
                // All are handed over at the first poll, so that they travel together.
                let removals = patterns
                    .into_iter()
                    .map(|pattern| self.0.remove_pattern(pattern));
                let outcomes = join_all(removals).await;
                outcomes.iter().all(Outcome::is_applied)
            }
        }
    }

    fn propagation(&self) -> Option<Propagation> {
        let stats = self.0.invalidations();
        (stats.received > 0).then_some(Propagation {
            p50: stats.propagation_p50,
            p99: stats.propagation_p99,
        })
    }
}
