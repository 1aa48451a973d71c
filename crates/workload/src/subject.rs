//! What is measured: a cache as one instance of a service uses it.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// One row of the database, as it is cached.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    /// How often the row had been written.
    pub version: u64,
    /// What makes it as large as it is.
    pub payload: String,
}

/// Where a read was answered from, as far as the cache tells.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Origin {
    /// The instance's own memory.
    L1,
    /// What all instances share.
    L2,
    /// Another read in progress.
    Joined,
    /// The database.
    Source,
    /// Some copy; the cache does not say which.
    Cache,
}

/// What a read returned.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct Read {
    /// The row's version.
    pub version: u64,
    /// Where it came from.
    pub origin: Origin,
}

/// What a write makes obsolete.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Removal<'a> {
    /// These keys.
    Keys(Vec<&'a str>),
    /// Whatever matches one of these patterns.
    Patterns(Vec<&'a str>),
}

/// How long other instances' removals took to arrive, by the cache's own account.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Propagation {
    /// Half of them took no longer.
    pub p50: Duration,
    /// 99% of them took no longer.
    pub p99: Duration,
}

/// One instance of a cache. Cloning it is cheap, and gives the same instance.
pub trait Subject: Clone + Send + Sync + 'static {
    /// Reads a key; `load` gets the row from the database.
    ///
    /// A `load` that ran is noticed by the caller, so a cache that does not tell where a value
    /// came from answers [`Origin::Cache`]. `None` when the cache failed.
    fn read<Loading>(
        &self,
        key: &str,
        load: impl FnOnce() -> Loading + Send,
    ) -> impl Future<Output = Option<Read>> + Send
    where
        Loading: Future<Output = Row> + Send;

    /// Removes what a write has made obsolete, and tells the other instances. True when that is
    /// acknowledged.
    fn invalidate(&self, removal: Removal<'_>) -> impl Future<Output = bool> + Send;

    /// How long removals took to arrive here, if the cache measures that.
    fn propagation(&self) -> Option<Propagation> {
        None
    }
}
