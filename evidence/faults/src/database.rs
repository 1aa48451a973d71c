//! The source of truth: a version for every key, and what users carry from one instance to another.

use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use parking_lot::Mutex;
use tokio::sync::watch;
use unstale::Token;

use crate::keyspace::Key;

/// A database that never loses anything and never lags.
#[async_trait]
pub(crate) trait Database: Send + Sync {
    /// The version of a key's row.
    async fn read(&self, key: Key) -> u64;

    /// Writes a key's row, and answers its new version.
    async fn write(&self, key: Key) -> u64;

    /// A user was told by one instance that his write has this version and this token.
    fn carry(&self, key: Key, version: u64, token: &Token);

    /// The newest write to this key that a user brings along to any instance.
    fn carried(&self, key: Key) -> Option<(u64, Token)>;
}

/// The database of the parent process.
pub(crate) struct Registers {
    versions: Vec<AtomicU64>,
    carried: Vec<Mutex<Option<(u64, Token)>>>,
    news: watch::Sender<()>,
}

impl Registers {
    pub(crate) fn new() -> Self {
        Self {
            versions: Key::all().map(|_| AtomicU64::new(0)).collect(),
            carried: Key::all().map(|_| Mutex::new(None)).collect(),
            news: watch::Sender::new(()),
        }
    }

    /// Tells whenever a user carries something new.
    pub(crate) fn follow(&self) -> watch::Receiver<()> {
        self.news.subscribe()
    }
}

#[async_trait]
impl Database for Registers {
    async fn read(&self, key: Key) -> u64 {
        self.versions[key.index()].load(Ordering::SeqCst)
    }

    async fn write(&self, key: Key) -> u64 {
        self.versions[key.index()].fetch_add(1, Ordering::SeqCst) + 1
    }

    fn carry(&self, key: Key, version: u64, token: &Token) {
        let mut carried = self.carried[key.index()].lock();
        if carried.as_ref().is_none_or(|(older, _)| *older < version) {
            *carried = Some((version, token.clone()));
            drop(carried);
            self.news.send_replace(());
        }
    }

    fn carried(&self, key: Key) -> Option<(u64, Token)> {
        self.carried[key.index()].lock().clone()
    }
}
