//! Making a cache in code.

use crate::cache::Cache;
use crate::config::Config;
use crate::error::Error;
use crate::instance::Instance;
use crate::policy::Policy;
use crate::tiers::Hub;

/// Makes a [`Cache`].
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), unstale::Error> {
/// use std::time::Duration;
/// use unstale::{Cache, Policy, Priority};
///
/// let cache = Cache::builder()
///     .policy("stock:price:*", Policy::new()
///         .absolute_expiration(Duration::from_secs(120))
///         .priority(Priority::Low))
///     .build()
///     .await?;
/// # let _ = cache;
/// # Ok(()) }
/// ```
#[derive(Clone, Debug, Default)]
pub struct CacheBuilder {
    config: Config,
    hub: Option<Hub>,
}

impl CacheBuilder {
    /// Replaces all settings.
    #[must_use]
    pub fn config(mut self, config: Config) -> Self {
        self.config = config;
        self
    }

    /// Uses an in-process hub as L2 and log, in the place of a server.
    #[must_use]
    pub fn hub(mut self, hub: &Hub) -> Self {
        self.hub = Some(hub.clone());
        self
    }

    /// How this instance is called in logs and in the server's list of clients.
    #[must_use]
    pub fn instance_name(mut self, name: impl Into<String>) -> Self {
        self.config.stream.consumer_name = name.into();
        self
    }

    /// Adds a policy for the keys of a pattern.
    #[must_use]
    pub fn policy(mut self, pattern: &str, policy: Policy) -> Self {
        self.config.policies.insert(pattern, policy);
        self
    }

    /// Makes the cache, and waits until it has proven itself to be up to date, or until it is
    /// clear that the server cannot be reached now.
    ///
    /// # Errors
    /// When the settings cannot work, or the server refuses the login.
    pub async fn build(self) -> Result<Cache, Error> {
        Instance::start(self.config, self.hub.as_ref())
            .await
            .map(Cache::new)
    }
}
