//! What is derived from a space: its keys, and spaces with a policy, after a write, or inspected.

use std::fmt::Display;
use std::sync::Arc;

use super::Space;
use crate::key::Ids;
use crate::policy::Policy;
use crate::read::{Cacheable, FromIds};
use crate::token::Token;

impl<T: Cacheable> Space<T> {
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
    /// way, and so is what a loader makes of the time at which it is asked. Copies that L1 does not
    /// hold, and [`get_many`](Space::get_many), are not inspected. A replica of the database that
    /// lags behind makes a copy look wrong that is newer; load from the primary here.
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
}
