//! What can be seen of a cache from outside.

use super::Cache;
use crate::observe::{Effectiveness, Events, Health, InvalidationStats};
use crate::read::{self, Cacheable, Peek};

impl Cache {
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
}
