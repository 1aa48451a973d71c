//! Typed views of a cache: one kind of value, one pattern of keys. Their verbs stand below `space/`.

use std::marker::PhantomData;
use std::sync::Arc;

use crate::cache::Cache;
use crate::core::Position;
use crate::key::KeyPattern;
use crate::partitions::Slice;
use crate::policy::Policy;
use crate::read::{Cacheable, Inspection, Request};
use crate::token::Token;

mod deriving;
mod reading;
mod removing;
mod storing;

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
