//! The verbs that read.

use std::sync::Arc;

use super::Cache;
use crate::entry::Entry;
use crate::read::{self, Cacheable, Lookup, Sourced};

impl Cache {
    /// The cached value, if there is one that may be served. Anything that keeps the cache from
    /// answering (no server, another type under this key) is a miss, never an error.
    pub async fn get<T: Cacheable>(&self, key: &str) -> Option<Arc<T>> {
        let request = self.request(key);
        match read::hit(&request) {
            Some(value) => Some(value),
            None => read::get_past_l1(&request).await,
        }
    }

    /// The cached values of several keys, in their order; one round trip in each partition for those that
    /// L1 does not hold. A record that slides takes another one, to be prolonged, and each key has its
    /// own for as long as this instance is not proven to have missed nothing; some of these are made at
    /// the same time.
    pub async fn get_many<T: Cacheable>(&self, keys: &[impl AsRef<str>]) -> Vec<Option<Arc<T>>> {
        let requests: Vec<_> = keys.iter().map(|key| self.request(key.as_ref())).collect();
        read::get_many(&requests).await
    }

    /// The cached value, or else what `load` gets from the source. `None` is handed on, and not
    /// cached.
    ///
    /// Concurrent callers share one load, except that nobody joins a load that began before an
    /// invalidation he may know of. A loaded value is stored unless something was invalidated
    /// while it was being loaded; the caller gets it in any case. When the caller whose `load`
    /// runs is cancelled, the load is dropped, and one of those who waited for it loads instead.
    ///
    /// # Errors
    /// The loader's own, shared by all who waited for it. The cache adds none: where it cannot
    /// help, the source is asked.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let cache = unstale::Cache::builder().build().await?;
    /// let load = || async { Ok::<_, std::io::Error>(Some(42)) };
    /// let stock = cache.get_or_load("inventory:stock:7", load).await?;
    /// assert_eq!(stock.as_deref(), Some(&42));
    /// # Ok(()) }
    /// ```
    pub async fn get_or_load<T, E, F, Loading>(
        &self,
        key: &str,
        load: F,
    ) -> Result<Option<Arc<T>>, Arc<E>>
    where
        T: Cacheable,
        E: Send + Sync + 'static,
        F: FnOnce() -> Loading,
        Loading: Future<Output = Result<Option<T>, E>>,
    {
        let request = self.request(key);
        if let Some(value) = read::hit(&request) {
            return Ok(Some(value));
        }
        let load = || async { Ok(load().await?.map(Entry::new)) };
        let read = read::load_past_l1(&request, load).await?;
        Ok(read.map(|read| read.value))
    }

    /// The same, for a loader that gives options along with the value.
    ///
    /// # Errors
    /// As [`get_or_load`](Cache::get_or_load).
    pub async fn get_or_load_entry<T, E, F, Loading>(
        &self,
        key: &str,
        load: F,
    ) -> Result<Option<Arc<T>>, Arc<E>>
    where
        T: Cacheable,
        E: Send + Sync + 'static,
        F: FnOnce() -> Loading,
        Loading: Future<Output = Result<Option<Entry<T>>, E>>,
    {
        let request = self.request(key);
        if let Some(value) = read::hit(&request) {
            return Ok(Some(value));
        }
        let read = read::load_past_l1(&request, load).await?;
        Ok(read.map(|read| read.value))
    }

    /// The same as [`get_or_load`](Cache::get_or_load), with where the value was read from: for
    /// those who debug, or show how fresh a page is.
    ///
    /// # Errors
    /// As [`get_or_load`](Cache::get_or_load).
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let cache = unstale::Cache::builder().build().await?;
    /// use unstale::Source;
    ///
    /// for expected in [Source::Load, Source::L1] {
    ///     let load = || async { Ok::<_, std::io::Error>(Some(42)) };
    ///     let stock = cache.get_or_load_sourced("inventory:stock:7", load).await?;
    ///     let stock = stock.ok_or("no such product")?;
    ///     assert_eq!((*stock.value, stock.source), (42, expected));
    /// }
    /// # Ok(()) }
    /// ```
    pub async fn get_or_load_sourced<T, E, F, Loading>(
        &self,
        key: &str,
        load: F,
    ) -> Result<Option<Sourced<T>>, Arc<E>>
    where
        T: Cacheable,
        E: Send + Sync + 'static,
        F: FnOnce() -> Loading,
        Loading: Future<Output = Result<Option<T>, E>>,
    {
        let load = || async { Ok(load().await?.map(Entry::new)) };
        self.get_or_load_entry_sourced(key, load).await
    }

    /// The same, for a loader that gives options along with the value.
    ///
    /// # Errors
    /// As [`get_or_load`](Cache::get_or_load).
    pub async fn get_or_load_entry_sourced<T, E, F, Loading>(
        &self,
        key: &str,
        load: F,
    ) -> Result<Option<Sourced<T>>, Arc<E>>
    where
        T: Cacheable,
        E: Send + Sync + 'static,
        F: FnOnce() -> Loading,
        Loading: Future<Output = Result<Option<Entry<T>>, E>>,
    {
        read::get_or_load(&self.request(key), load).await
    }

    /// The cached value, or the right to fill it in: cache-aside by hand, without its race.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), unstale::Error> {
    /// # let cache = unstale::Cache::builder().build().await?;
    /// use unstale::Lookup;
    ///
    /// let stock = match cache.lookup::<u32>("inventory:stock:7").await {
    ///     Lookup::Hit(stock) => stock,
    ///     Lookup::Miss(lease) => {
    ///         let loaded = 42; // from the database, after the miss
    ///         lease.fill(loaded).await
    ///     }
    /// };
    /// assert_eq!(*stock, 42);
    /// # Ok(()) }
    /// ```
    pub async fn lookup<T: Cacheable>(&self, key: &str) -> Lookup<T> {
        read::lookup(&self.request(key)).await
    }
}
