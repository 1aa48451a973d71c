//! No cache at all: what the workload itself takes, and so the most that any cache can do on it.

use workload::{Origin, Read, Removal, Row, Subject};

/// One instance of a service that asks its database every time.
#[derive(Copy, Clone)]
pub struct Uncached;

impl Subject for Uncached {
    async fn read<Loading>(&self, _key: &str, load: impl FnOnce() -> Loading + Send) -> Option<Read>
    where
        Loading: Future<Output = Row> + Send,
    {
        let row = load().await;
        Some(Read {
            version: row.version,
            origin: Origin::Source,
        })
    }

    async fn invalidate(&self, _removal: Removal<'_>) -> bool {
        true
    }
}
