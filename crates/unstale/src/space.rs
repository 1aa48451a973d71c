//! Typed views of a cache: one kind of value, one pattern of keys.

use std::fmt::Display;
use std::marker::PhantomData;
use std::sync::Arc;

use crate::cache::Cache;
use crate::core::Position;
use crate::entry::{Entry, EntryOptions};
use crate::error::Error;
use crate::key::{Built, Ids, KeyPattern, Parts};
use crate::partitions::Slice;
use crate::policy::Policy;
use crate::read::{self, Cacheable, FromIds, Inspection, Lookup, Peek, Request, Source, Sourced};
use crate::token::Token;
use crate::write::{self, Outcome};

/// A typed view of a cache: all keys of one pattern hold values of one type.
///
/// Each `*` of the pattern stands for an id; a pattern without one gets `:*` appended. The
/// pattern is also the name under which its keys are counted, unless a policy names another.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use unstale::Cache;
///
/// # async fn current_price(symbol: &str) -> Result<Option<f64>, std::io::Error> { Ok(Some(17.0)) }
/// # async fn update(symbol: &str, price: f64) -> Result<(), std::io::Error> { Ok(()) }
/// let cache = Cache::builder().build().await?;
/// let prices = cache.space::<f64>("stock:price");
///
/// let price = prices.get_or_load("MSFT", || current_price("MSFT")).await?;
/// assert_eq!(price.as_deref(), Some(&17.0));
///
/// update("MSFT", 18.0).await?;      // the database first
/// prices.remove("MSFT").await;      // then invalidate; never fails the write
/// # Ok(()) }
/// ```
pub struct Space<T> {
    cache: Cache,
    pattern: Arc<KeyPattern>,
    label: Arc<str>,
    policy: Option<Arc<Policy>>,
    /// From where on a read has to see each partition; none when it need not.
    floors: Option<Arc<[Position]>>,
    /// None when no hit of this space is inspected.
    inspection: Option<Arc<Inspection<T>>>,
    value: PhantomData<fn() -> T>,
}

impl<T> std::fmt::Debug for Space<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Space")
            .field("pattern", &self.pattern.as_str())
            .finish_non_exhaustive()
    }
}

impl<T: Cacheable> Space<T> {
    pub(crate) fn new(cache: &Cache, pattern: &str) -> Self {
        let pattern = KeyPattern::new(pattern);
        Self {
            cache: cache.clone(),
            label: pattern.as_str().into(),
            pattern: Arc::new(pattern),
            policy: None,
            floors: None,
            inspection: None,
            value: PhantomData,
        }
    }

    /// The same space with a policy: what it says goes before a policy in the configuration.
    #[must_use]
    pub fn with_policy(&self, policy: Policy) -> Self {
        let label = policy
            .label
            .as_deref()
            .map_or_else(|| self.label.clone(), Arc::from);
        Self {
            label,
            policy: Some(Arc::new(policy)),
            ..self.clone_view()
        }
    }

    /// The same space, whose reads see the write that this token names, or a newer one, on
    /// whichever instance it was done: read your writes anywhere.
    ///
    /// A read whose token this instance has not caught up with goes past its L1; the source is
    /// asked where nothing else is sure to be new enough, and always where the token comes from an
    /// instance with another number of `Partitions`.
    #[must_use]
    pub fn after(&self, token: &Token) -> Self {
        let partitions = self.cache.instance().partitions.iter();
        let floors = partitions.map(|slice| self.floor(slice).max(token.position_in(slice.id)));
        Self {
            floors: Some(floors.collect()),
            ..self.clone_view()
        }
    }

    /// The same space, a sample of whose hits is compared with what `load` gets from the source: that
    /// finds the write that forgot to invalidate.
    ///
    /// `Inspect.SampleRate` says which share of the hits, and nothing is done while it is 0, as it
    /// is by default; `Inspect.MaxLoadsPerSecond` says how often the source is asked at most. It is
    /// asked in the background, and no reader waits for it. A difference is reported only when
    /// nothing that this instance has heard of explains it: no removal, ban or new epoch since
    /// before the copy was compared, although a removal had `Inspect.Grace` to arrive. It is then
    /// counted ([`PatternStats::differences`](crate::PatternStats::differences)) and logged as a
    /// warning with its key.
    ///
    /// What is compared is what the values look like when encoded, so hash maps in them are in the
    /// way, and so is what a loader makes of the time at which it is asked. Copies that L1 does not hold, and [`get_many`](Space::get_many), are not inspected. A
    /// replica of the database that lags behind makes a copy look wrong that is newer; load from
    /// the primary here.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use unstale::{Cache, Config};
    ///
    /// # #[derive(Clone)] struct Repository;
    /// # impl Repository {
    /// #     async fn current_price(&self, _: &str) -> Result<Option<f64>, std::io::Error> { Ok(Some(411.22)) }
    /// # }
    /// # let repository = Repository;
    /// let mut config = Config::default();
    /// config.inspect.sample_rate = 0.001;
    /// let cache = Cache::from_config(config).await?;
    /// let prices = cache.space::<f64>("stock:price").inspect_with({
    ///     let repository = repository.clone();
    ///     move |symbol: String| {
    ///         let repository = repository.clone();
    ///         async move { repository.current_price(&symbol).await }
    ///     }
    /// });
    /// let price = prices.get_or_load("MSFT", || repository.current_price("MSFT")).await?;
    /// # let _ = price;
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn inspect_with<I, E, F, Loading>(&self, load: F) -> Self
    where
        I: FromIds,
        E: Display,
        F: Fn(I) -> Loading + Send + Sync + 'static,
        Loading: Future<Output = Result<Option<T>, E>> + Send + 'static,
    {
        let inspector = self.cache.instance().inspector.as_ref();
        let inspection = inspector.map(|inspector| Arc::new(inspector.inspection(load)));
        Self {
            inspection,
            ..self.clone_view()
        }
    }

    /// The full key of these ids.
    pub fn key(&self, ids: impl Ids) -> String {
        self.pattern.key(&ids).as_str().to_owned()
    }

    /// The cached value, if there is one that may be served. Anything that keeps the cache from
    /// answering is a miss, never an error.
    pub async fn get(&self, ids: impl Ids) -> Option<Arc<T>> {
        let mut key = Built::new();
        self.pattern.fill(&mut key, &ids);
        let request = self.request(key.as_str());
        let found = match read::hit(&request) {
            Some(value) => Some(value),
            None => read::get_past_l1(&request).await,
        };
        if let Some(value) = &found {
            self.inspect(&key, &ids, value);
        }
        found
    }

    /// The cached values of several keys, in their order; one round trip for those that L1 does
    /// not hold.
    pub async fn get_many<I: Ids>(&self, ids: impl IntoIterator<Item = I>) -> Vec<Option<Arc<T>>> {
        let keys: Vec<_> = ids.into_iter().map(|ids| self.pattern.key(&ids)).collect();
        let requests: Vec<_> = keys.iter().map(|key| self.request(key.as_str())).collect();
        read::get_many(&requests).await
    }

    /// The cached value, or else what `load` gets from the source; see
    /// [`Cache::get_or_load`].
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
        self.pattern.fill(&mut key, &ids);
        let request = self.request(key.as_str());
        if let Some(value) = read::hit(&request) {
            self.inspect(&key, &ids, &value);
            return Ok(Some(value));
        }
        let load = || async { Ok(load().await?.map(Entry::new)) };
        let read = read::load_past_l1(&request, load).await?;
        Ok(self.inspected(&key, &ids, read).map(|read| read.value))
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
        self.pattern.fill(&mut key, &ids);
        let request = self.request(key.as_str());
        if let Some(value) = read::hit(&request) {
            self.inspect(&key, &ids, &value);
            return Ok(Some(value));
        }
        let read = read::load_past_l1(&request, load).await?;
        Ok(self.inspected(&key, &ids, read).map(|read| read.value))
    }

    /// The same as [`get_or_load`](Space::get_or_load), with where the value was read from; see
    /// [`Cache::get_or_load_sourced`].
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
        Ok(self.inspected(&key, &ids, read))
    }

    /// The cached value, or the right to fill it in; see [`Cache::lookup`].
    pub async fn lookup(&self, ids: impl Ids) -> Lookup<T> {
        let key = self.pattern.key(&ids);
        let found = read::lookup(&self.request(key.as_str())).await;
        if let Lookup::Hit(value) = &found {
            self.inspect(&key, &ids, value);
        }
        found
    }

    /// This instance's own copy of a value, for those who watch; see [`Cache::peek`].
    pub fn peek(&self, ids: impl Ids) -> Option<Peek<T>> {
        read::peek(self.cache.instance(), self.pattern.key(&ids).as_str())
    }

    /// Stores a value; see [`Cache::set`].
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

    /// Stores several values in one round trip; see [`Cache::set`].
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

    /// Invalidates one value, after the source was written; see [`Cache::remove`].
    pub async fn remove(&self, ids: impl Ids) -> Outcome {
        self.cache
            .remove_labelled([self.pattern.key(&ids)], Some(&self.label))
            .await
    }

    /// Invalidates several values at once.
    pub async fn remove_batch<I: Ids>(&self, ids: impl IntoIterator<Item = I>) -> Outcome {
        let keys: Vec<_> = ids.into_iter().map(|ids| self.pattern.key(&ids)).collect();
        self.cache.remove_labelled(keys, Some(&self.label)).await
    }

    /// Invalidates all values whose ids match; [`ANY`](crate::ANY) matches every id. Costs one
    /// round trip, however many there are.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), unstale::Error> {
    /// # let cache = unstale::Cache::builder().build().await?;
    /// let feeds = cache.space::<Vec<u64>>("feed:user:*:page:*");
    /// feeds.remove_pattern((7, unstale::ANY)).await;      // feed:user:7:page:*
    /// # Ok(()) }
    /// ```
    pub async fn remove_pattern(&self, parts: impl Parts) -> Outcome {
        self.cache
            .remove_pattern(self.pattern.glob(&parts).as_str())
            .await
    }

    /// Invalidates all values whose ids match one of several; see
    /// [`Cache::remove_patterns`](crate::Cache::remove_patterns).
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), unstale::Error> {
    /// # let cache = unstale::Cache::builder().build().await?;
    /// let feeds = cache.space::<Vec<u64>>("feed:user:*:page:*");
    /// let followers = [7, 8, 9];
    /// feeds.remove_patterns(followers.map(|user| (user, unstale::ANY))).await;
    /// # Ok(()) }
    /// ```
    pub async fn remove_patterns<P: Parts>(&self, all: impl IntoIterator<Item = P>) -> Outcome {
        let globs = all.into_iter().map(|parts| self.pattern.glob(&parts));
        self.cache
            .remove_patterns(globs.map(|glob| glob.as_str().to_owned()))
            .await
    }

    /// What was read, after it was inspected if it is a hit.
    #[inline]
    fn inspected(
        &self,
        key: &Built,
        ids: &impl Ids,
        read: Option<Sourced<T>>,
    ) -> Option<Sourced<T>> {
        if let Some(read) = &read
            && matches!(read.source, Source::L1 | Source::L2)
        {
            self.inspect(key, ids, &read.value);
        }
        read
    }

    /// Has a hit inspected, if it falls into the sample.
    #[inline]
    fn inspect(&self, key: &Built, ids: &impl Ids, value: &Arc<T>) {
        if let Some(inspection) = &self.inspection
            && inspection.falls_on_this_hit()
        {
            self.inspect_now(inspection, key, ids, value);
        }
    }

    /// Apart from the check, so that a hit that does not fall into the sample pays for no more.
    #[cold]
    #[inline(never)]
    fn inspect_now(
        &self,
        inspection: &Arc<Inspection<T>>,
        key: &Built,
        ids: &impl Ids,
        value: &Arc<T>,
    ) {
        read::inspect(&self.request(key.as_str()), inspection, ids, value);
    }

    /// From where on a read has to see a partition.
    #[inline]
    fn floor(&self, slice: &Slice) -> Position {
        match &self.floors {
            None => Position::ORIGIN,
            Some(floors) => floors
                .get(slice.id.index())
                .copied()
                .unwrap_or(Token::UNKNOWN),
        }
    }

    #[inline]
    fn request<'a>(&'a self, key: &'a str) -> Request<'a> {
        let instance = self.cache.instance();
        let slice = instance.partitions.of(key);
        Request {
            instance,
            slice,
            key,
            at_least: self.floor(slice),
            policy: self.policy.as_deref(),
            label: Some(&self.label),
        }
    }

    fn clone_view(&self) -> Self {
        Self {
            cache: self.cache.clone(),
            pattern: self.pattern.clone(),
            label: self.label.clone(),
            policy: self.policy.clone(),
            floors: self.floors.clone(),
            inspection: self.inspection.clone(),
            value: PhantomData,
        }
    }
}

impl<T: Cacheable> Clone for Space<T> {
    fn clone(&self) -> Self {
        self.clone_view()
    }
}
