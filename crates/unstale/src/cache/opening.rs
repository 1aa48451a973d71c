//! How a cache is made, and closed.

use std::path::Path;

use super::Cache;
use crate::builder::CacheBuilder;
use crate::config::Config;
use crate::error::Error;
use crate::read::Cacheable;
use crate::space::Space;

impl Cache {
    /// A cache made in code.
    pub fn builder() -> CacheBuilder {
        CacheBuilder::default()
    }

    /// A cache configured by a JSON file, overridden by environment variables.
    ///
    /// # Errors
    /// When the file cannot be read, or says something that cannot work; when the server refuses
    /// the login. A server that cannot be reached is no error: the cache starts without it.
    pub async fn from_config_file(path: impl AsRef<Path>) -> Result<Cache, Error> {
        Self::from_config(Config::from_file(path)?).await
    }

    /// A cache with these settings.
    ///
    /// # Errors
    /// As [`from_config_file`](Cache::from_config_file).
    pub async fn from_config(config: Config) -> Result<Cache, Error> {
        Self::builder().config(config).build().await
    }

    /// A typed view of the keys of one pattern.
    pub fn space<T: Cacheable>(&self, pattern: &str) -> Space<T> {
        Space::new(self, pattern)
    }

    /// Sends the removals that are pending, for as long as a few commands may take, then stops
    /// the tasks of this instance. Reads go on to work afterwards, without L1.
    pub async fn close(&self) {
        self.0.close().await;
    }
}
