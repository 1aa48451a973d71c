//! The verbs that invalidate.

use std::sync::Arc;

use super::Cache;
use crate::core::{Change, Scope};
use crate::error::KeyError;
use crate::write::{self, Outcome};

impl Cache {
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
}
