//! The cache itself: its verbs, on plain keys.

use std::path::Path;
use std::sync::Arc;

use crate::builder::CacheBuilder;
use crate::config::Config;
use crate::core::{Change, Position, Scope};
use crate::entry::{Entry, EntryOptions};
use crate::error::{Error, KeyError};
use crate::instance::Instance;
use crate::observe::{Effectiveness, Events, Health, InvalidationStats};
use crate::read::{self, Cacheable, Lookup, Peek, Request, Sourced};
use crate::space::Space;
use crate::write::{self, Outcome};

/// A hybrid cache: a small one in this process in front of one that all instances share.
///
/// Cloning it is cheap; all clones are the same instance. When the last one is dropped, its tasks
/// stop; [`close`](Cache::close) sends what is pending first.
#[derive(Clone)]
pub struct Cache(Arc<Instance>);

impl std::fmt::Debug for Cache {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Cache")
            .field("health", &self.health())
            .finish_non_exhaustive()
    }
}

impl Cache {
    pub(crate) fn new(instance: Arc<Instance>) -> Self {
        Self(instance)
    }

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

    /// The cached value, if there is one that may be served. Anything that keeps the cache from
    /// answering (no server, another type under this key) is a miss, never an error.
    pub async fn get<T: Cacheable>(&self, key: &str) -> Option<Arc<T>> {
        let request = self.request(key);
        match read::hit(&request) {
            Some(value) => Some(value),
            None => read::get_past_l1(&request).await,
        }
    }

    /// The cached values of several keys, in their order; one round trip for those that L1 does
    /// not hold.
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

    /// Stores several values in one round trip; see [`set`](Cache::set).
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

    /// Invalidates one value on every instance, after the source was written.
    ///
    /// When this returns [`Outcome::Applied`], no value loaded before can enter L2 any longer,
    /// nor the L1 of an instance that has heard of it. On this instance no read that starts from
    /// now on sees an older value, whatever the outcome. Dropping this future once it was polled
    /// changes nothing: the removal is sent until it is confirmed. It waits for the answer for two
    /// `CommandTimeout`s at most, and not at all while the server is out of service.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), unstale::Error> {
    /// # let cache = unstale::Cache::builder().build().await?;
    /// use unstale::Outcome;
    ///
    /// match cache.remove("inventory:stock:7").await {
    ///     Outcome::Applied(token) => println!("every read after {token} sees the write"),
    ///     Outcome::Pending => println!("it will be sent until the server confirms it"),
    ///     Outcome::Refused(error) => println!("{error}"),
    /// }
    /// # Ok(()) }
    /// ```
    pub async fn remove(&self, key: &str) -> Outcome {
        self.remove_batch([key]).await
    }

    /// Invalidates several values at once; see [`remove`](Cache::remove). Keys that are removed
    /// together, or at the same time by several callers, share a round trip.
    pub async fn remove_batch(&self, keys: impl IntoIterator<Item = impl AsRef<str>>) -> Outcome {
        self.remove_labelled(keys, None).await
    }

    /// Invalidates all values whose keys match a pattern, however many there are, in one round
    /// trip: a ban is recorded, nothing is scanned or deleted. `*` stands for any text, `?` for
    /// any byte, `[a-z]` for one of these; `\` takes away their meaning. A load that is in flight
    /// is not stored either. As with [`remove`](Cache::remove), dropping the future changes nothing.
    pub async fn remove_pattern(&self, pattern: &str) -> Outcome {
        self.remove_patterns([pattern]).await
    }

    /// Invalidates all values whose keys match one of several patterns, as a post does that goes
    /// to the feeds of a thousand followers: one round trip for every thousand patterns. See
    /// [`remove_pattern`](Cache::remove_pattern).
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), unstale::Error> {
    /// # let cache = unstale::Cache::builder().build().await?;
    /// let followers = [7, 8, 9];
    /// let feeds = followers.map(|user| format!("feed:user:{user}:page:*"));
    /// cache.remove_patterns(feeds).await;
    /// # Ok(()) }
    /// ```
    pub async fn remove_patterns(
        &self,
        patterns: impl IntoIterator<Item = impl AsRef<str>>,
    ) -> Outcome {
        let scopes = patterns.into_iter();
        self.ban(scopes.map(|pattern| Scope::of_pattern(pattern.as_ref())))
            .await
    }

    /// Invalidates all values that carry a tag, in one round trip; see
    /// [`remove_pattern`](Cache::remove_pattern).
    pub async fn remove_tag(&self, tag: &str) -> Outcome {
        self.ban([Scope::Tag(tag.into())]).await
    }

    /// Invalidates everything in the namespace, in one round trip; see
    /// [`remove_pattern`](Cache::remove_pattern).
    pub async fn clear(&self) -> Outcome {
        self.ban([Scope::All]).await
    }

    /// How effective the cache has been, per key pattern.
    pub fn effectiveness(&self) -> Effectiveness {
        self.0.catalogue.report()
    }

    /// What was invalidated, and what was heard of other instances' invalidations.
    pub fn invalidations(&self) -> InvalidationStats {
        self.0.invalidation_stats()
    }

    /// This instance's own copy of a value, for those who watch: nothing is counted, prolonged or
    /// loaded.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let cache = unstale::Cache::builder().build().await?;
    /// assert!(cache.peek::<i32>("inventory:stock:7").is_none());
    /// cache.get_or_load("inventory:stock:7", || async { Ok::<_, std::io::Error>(Some(42)) }).await?;
    /// let copy = cache.peek::<i32>("inventory:stock:7").ok_or("no copy")?;
    /// assert_eq!((*copy.value, copy.served), (42, true));
    /// # Ok(()) }
    /// ```
    pub fn peek<T: Cacheable>(&self, key: &str) -> Option<Peek<T>> {
        read::peek(&self.0, key)
    }

    /// What happens on this instance from now on, as it happens. A listener who is too slow holds
    /// up nothing: it misses events, and is told how many.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), unstale::Error> {
    /// use unstale::{Cache, Event, Hub};
    ///
    /// let hub = Hub::new();
    /// let here = Cache::builder().hub(&hub).build().await?;
    /// let there = Cache::builder().hub(&hub).build().await?;
    /// let mut events = there.events();
    ///
    /// here.remove("inventory:stock:7").await;
    /// if let Some(Event::Received(removal)) = events.next().await {
    ///     println!("{:?} are gone here, {:?} later", removal.removed, removal.took);
    /// }
    /// # Ok(()) }
    /// ```
    pub fn events(&self) -> Events {
        self.0.invalidations.events.listen()
    }

    /// Whether this instance is well.
    pub fn health(&self) -> Health {
        self.0.health()
    }

    /// Hands every figure of this instance to the recorder of the `metrics` facade: the one of this
    /// thread, or else of this process. Without a recorder nothing happens.
    ///
    /// Call it when a scrape comes, or every few seconds; see [`metrics`](crate::metrics).
    #[cfg(feature = "metrics")]
    pub fn publish_metrics(&self) {
        crate::metrics::publish(&self.0);
    }

    /// Sends the removals that are pending, for as long as a few commands may take, then stops
    /// the tasks of this instance. Reads go on to work afterwards, without L1.
    pub async fn close(&self) {
        self.0.close().await;
    }

    pub(crate) fn instance(&self) -> &Arc<Instance> {
        &self.0
    }

    /// Removes keys that are counted under a space's label.
    pub(crate) async fn remove_labelled(
        &self,
        keys: impl IntoIterator<Item = impl AsRef<str>>,
        label: Option<&Arc<str>>,
    ) -> Outcome {
        let mut changes = Vec::new();
        let mut refused = None;
        for key in keys {
            let key = key.as_ref();
            if let Err(error) = KeyError::check(key) {
                tracing::error!(%error, "a key was not removed");
                refused = Some(error);
                continue;
            }
            if let Some(series) = self.0.series(key, label) {
                series.removal();
            }
            changes.push(Change::Key(key.into()));
        }
        let removed = write::remove(&self.0, changes).await;
        refused.map_or(removed, Outcome::Refused)
    }

    async fn ban(&self, scopes: impl IntoIterator<Item = Scope>) -> Outcome {
        let bans = scopes.into_iter().map(Change::Ban).collect();
        write::remove(&self.0, bans).await
    }

    #[inline]
    fn request<'a>(&'a self, key: &'a str) -> Request<'a> {
        Request {
            instance: &self.0,
            slice: self.0.partitions.of(key),
            key,
            at_least: Position::ORIGIN,
            policy: None,
            label: None,
        }
    }
}
