//! The verbs that invalidate.

use super::Space;
use crate::key::{Ids, Parts};
use crate::read::Cacheable;
use crate::write::Outcome;

impl<T: Cacheable> Space<T> {
    /// Invalidates one value, after the source was written; see [`Cache::remove`](crate::Cache::remove).
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
}
