//! The verbs that store.

use super::Cache;
use crate::entry::EntryOptions;
use crate::error::Error;
use crate::read::Cacheable;
use crate::write::{self, Outcome};

impl Cache {
    /// Stores a value, and has other instances drop their copies.
    ///
    /// The last writer wins: of two instances that set the same key, the one whom the server
    /// hears later. A value that was read from the source and set afterwards may therefore be
    /// older than what a removal in between was about; where that matters, use
    /// [`get_or_load`](Cache::get_or_load) or [`lookup`](Cache::lookup). A `set` that the server
    /// does not confirm becomes a removal, and is [`Outcome::Pending`]. Once polled, it goes on when
    /// this future is dropped.
    ///
    /// # Errors
    /// When the key cannot be used, or the value cannot be encoded.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), unstale::Error> {
    /// # let cache = unstale::Cache::builder().build().await?;
    /// use std::time::Duration;
    /// use unstale::EntryOptions;
    ///
    /// let options = EntryOptions::new().absolute_expiration(Duration::from_secs(30)).tag("chat");
    /// cache.set("chat:presence:7", &true, options).await?;
    /// assert_eq!(cache.get::<bool>("chat:presence:7").await.as_deref(), Some(&true));
    /// # Ok(()) }
    /// ```
    pub async fn set<T: Cacheable>(
        &self,
        key: &str,
        value: &T,
        options: EntryOptions,
    ) -> Result<Outcome, Error> {
        write::set(&self.0, &[(self.request(key), value)], &options).await
    }

    /// Stores several values, in one round trip for every 1,024 in a partition; see [`set`](Cache::set).
    ///
    /// # Errors
    /// When one of them cannot be encoded; then none is stored.
    pub async fn set_many<T: Cacheable>(
        &self,
        entries: &[(impl AsRef<str>, T)],
        options: EntryOptions,
    ) -> Result<Outcome, Error> {
        let entries: Vec<_> = entries
            .iter()
            .map(|(key, value)| (self.request(key.as_ref()), value))
            .collect();
        write::set(&self.0, &entries, &options).await
    }
}
