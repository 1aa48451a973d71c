//! The verbs that store.

use super::Space;
use crate::entry::EntryOptions;
use crate::error::Error;
use crate::key::Ids;
use crate::read::Cacheable;
use crate::write::{self, Outcome};

impl<T: Cacheable> Space<T> {
    /// Stores a value; see [`Cache::set`](crate::Cache::set).
    ///
    /// # Errors
    /// When the value cannot be encoded.
    pub async fn set(
        &self,
        ids: impl Ids,
        value: &T,
        options: EntryOptions,
    ) -> Result<Outcome, Error> {
        let key = self.pattern.key(&ids);
        write::set(
            self.cache.instance(),
            &[(self.request(key.as_str()), value)],
            &options,
        )
        .await
    }

    /// Stores several values, in one round trip for every 1,024 in a partition; see
    /// [`Cache::set`](crate::Cache::set).
    ///
    /// # Errors
    /// When one of them cannot be encoded; then none is stored.
    pub async fn set_many<I: Ids>(
        &self,
        entries: &[(I, T)],
        options: EntryOptions,
    ) -> Result<Outcome, Error> {
        let keys: Vec<_> = entries
            .iter()
            .map(|(ids, _)| self.pattern.key(ids))
            .collect();
        let entries: Vec<_> = keys
            .iter()
            .zip(entries)
            .map(|(key, (_, value))| (self.request(key.as_str()), value))
            .collect();
        write::set(self.cache.instance(), &entries, &options).await
    }
}
