//! The verbs that read, and the inspection of their hits.

use std::sync::Arc;

use super::Space;
use crate::entry::Entry;
use crate::key::{Built, Ids};
use crate::read::{self, Cacheable, Inspection, Lookup, Peek, Source, Sourced};
use crate::tiers::InBrief;

impl<T: Cacheable> Space<T> {
    /// The cached value, if there is one that may be served. Anything that keeps the cache from
    /// answering is a miss, never an error.
    pub async fn get(&self, ids: impl Ids) -> Option<Arc<T>> {
        let mut key = Built::new();
        match self.hit(&ids, &mut key) {
            Some(value) => Some(value),
            None => self.get_past_l1(ids, key).await,
        }
    }

    /// The cached values of several keys, in their order, in as few round trips as can be: see
    /// [`Cache::get_many`](crate::Cache::get_many).
    pub async fn get_many<I: Ids>(&self, ids: impl IntoIterator<Item = I>) -> Vec<Option<Arc<T>>> {
        let keys: Vec<_> = ids.into_iter().map(|ids| self.pattern.key(&ids)).collect();
        let requests: Vec<_> = keys.iter().map(|key| self.request(key.as_str())).collect();
        read::get_many(&requests).await
    }

    /// The cached value, or else what `load` gets from the source; see
    /// [`Cache::get_or_load`](crate::Cache::get_or_load).
    pub async fn get_or_load<E, F, Loading>(
        &self,
        ids: impl Ids,
        load: F,
    ) -> Result<Option<Arc<T>>, Arc<E>>
    where
        E: Send + Sync + 'static,
        F: FnOnce() -> Loading,
        Loading: Future<Output = Result<Option<T>, E>>,
    {
        let mut key = Built::new();
        if let Some(value) = self.hit(&ids, &mut key) {
            return Ok(Some(value));
        }
        let load = || async { Ok(load().await?.map(Entry::new)) };
        self.load_past_l1(ids, key, load).await
    }

    /// The same, for a loader that gives options along with the value.
    pub async fn get_or_load_entry<E, F, Loading>(
        &self,
        ids: impl Ids,
        load: F,
    ) -> Result<Option<Arc<T>>, Arc<E>>
    where
        E: Send + Sync + 'static,
        F: FnOnce() -> Loading,
        Loading: Future<Output = Result<Option<Entry<T>>, E>>,
    {
        let mut key = Built::new();
        match self.hit(&ids, &mut key) {
            Some(value) => Ok(Some(value)),
            None => self.load_past_l1(ids, key, load).await,
        }
    }

    /// The same as [`get_or_load`](Space::get_or_load), with where the value was read from; see
    /// [`Cache::get_or_load_sourced`](crate::Cache::get_or_load_sourced).
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # async fn current_price(symbol: &str) -> Result<Option<f64>, std::io::Error> { Ok(Some(17.0)) }
    /// # let cache = unstale::Cache::builder().build().await?;
    /// let prices = cache.space::<f64>("stock:price");
    /// if let Some(price) = prices.get_or_load_sourced("MSFT", || current_price("MSFT")).await? {
    ///     println!("MSFT is at {}, says {}", price.value, price.source);
    /// }
    /// # Ok(()) }
    /// ```
    pub async fn get_or_load_sourced<E, F, Loading>(
        &self,
        ids: impl Ids,
        load: F,
    ) -> Result<Option<Sourced<T>>, Arc<E>>
    where
        E: Send + Sync + 'static,
        F: FnOnce() -> Loading,
        Loading: Future<Output = Result<Option<T>, E>>,
    {
        let load = || async { Ok(load().await?.map(Entry::new)) };
        self.get_or_load_entry_sourced(ids, load).await
    }

    /// The same, for a loader that gives options along with the value.
    pub async fn get_or_load_entry_sourced<E, F, Loading>(
        &self,
        ids: impl Ids,
        load: F,
    ) -> Result<Option<Sourced<T>>, Arc<E>>
    where
        E: Send + Sync + 'static,
        F: FnOnce() -> Loading,
        Loading: Future<Output = Result<Option<Entry<T>>, E>>,
    {
        let key = self.pattern.key(&ids);
        let read = read::get_or_load(&self.request(key.as_str()), load).await?;
        Ok(self.inspected(&ids, read))
    }

    /// The cached value, or the right to fill it in; see [`Cache::lookup`](crate::Cache::lookup).
    pub async fn lookup(&self, ids: impl Ids) -> Lookup<T> {
        let key = self.pattern.key(&ids);
        let found = read::lookup(&self.request(key.as_str())).await;
        if let Lookup::Hit(value) = &found {
            self.inspect(&ids, value);
        }
        found
    }

    /// This instance's own copy of a value, for those who watch; see [`Cache::peek`](crate::Cache::peek).
    pub fn peek(&self, ids: impl Ids) -> Option<Peek<T>> {
        read::peek(self.cache.instance(), self.pattern.key(&ids).as_str())
    }

    /// The value of this instance's own copy, if it may be served, after it was inspected. If not, the
    /// key is written out for whoever reads on; for a hit only if it is not found in brief.
    #[inline]
    fn hit(&self, ids: &impl Ids, key: &mut Built) -> Option<Arc<T>> {
        let instance = self.cache.instance();
        let brief = InBrief::of(self.pattern.brief(ids));
        let found = match (brief, instance.partitions.only()) {
            (Some(brief), Some(slice)) => read::hit_of(&brief, instance, slice, self.floor(slice))
                .or_else(|| {
                    self.pattern.write(key, ids);
                    None
                }),
            _ => {
                self.pattern.write(key, ids);
                read::hit(&self.request(key.as_str()))
            }
        };
        if let Some(value) = &found {
            self.inspect(ids, value);
        }
        found
    }

    /// Apart from the hit, so that a hit has nothing of this to drop.
    async fn get_past_l1(&self, ids: impl Ids, key: Built) -> Option<Arc<T>> {
        let found = read::get_past_l1(&self.request(key.as_str())).await;
        if let Some(value) = &found {
            self.inspect(&ids, value);
        }
        found
    }

    /// The same.
    async fn load_past_l1<E, F, Loading>(
        &self,
        ids: impl Ids,
        key: Built,
        load: F,
    ) -> Result<Option<Arc<T>>, Arc<E>>
    where
        E: Send + Sync + 'static,
        F: FnOnce() -> Loading,
        Loading: Future<Output = Result<Option<Entry<T>>, E>>,
    {
        let read = read::load_past_l1(&self.request(key.as_str()), load).await?;
        Ok(self.inspected(&ids, read).map(|read| read.value))
    }

    /// What was read, after it was inspected if it is a hit.
    #[inline]
    fn inspected(&self, ids: &impl Ids, read: Option<Sourced<T>>) -> Option<Sourced<T>> {
        if let Some(read) = &read
            && matches!(read.source, Source::L1 | Source::L2)
        {
            self.inspect(ids, &read.value);
        }
        read
    }

    /// Has a hit inspected, if it falls into the sample.
    #[inline]
    fn inspect(&self, ids: &impl Ids, value: &Arc<T>) {
        if let Some(inspection) = &self.inspection
            && inspection.falls_on_this_hit()
        {
            self.inspect_now(inspection, ids, value);
        }
    }

    /// Apart from the check, so that a hit that does not fall into the sample pays for no more.
    #[cold]
    #[inline(never)]
    fn inspect_now(&self, inspection: &Arc<Inspection<T>>, ids: &impl Ids, value: &Arc<T>) {
        let key = self.pattern.key(ids);
        read::inspect(&self.request(key.as_str()), inspection, ids, value);
    }
}
