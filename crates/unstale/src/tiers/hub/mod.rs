//! The in-process hub: an L2 and a log for several caches in one process, without a server.

mod faults;
mod feed;
#[cfg(feature = "evidence")]
pub(crate) mod remote;
mod steps;
#[cfg(feature = "evidence")]
mod stepwise;
mod tier;

use std::sync::Arc;

use bytes::Bytes;
use parking_lot::Mutex;
use tokio::sync::Notify;

pub(crate) use self::feed::HubFeed;
#[cfg(feature = "evidence")]
pub use self::stepwise::HubSteps;
pub(crate) use self::tier::HubTier;
use super::shared::Shared;
use crate::config::Config;
use crate::core::Server;
use crate::local::Local;

/// An L2 and a log in this process, shared by every cache that is built on a clone of it.
///
/// The hub speaks the protocol that Redis speaks, with the same guarantees, so a service can be
/// developed, demonstrated and tested without a server. Several hubs are several namespaces.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), unstale::Error> {
/// use unstale::{Cache, EntryOptions, Hub};
///
/// let hub = Hub::new();
/// let here = Cache::builder().hub(&hub).build().await?;
/// let there = Cache::builder().hub(&hub).build().await?;
///
/// here.set("greeting", &"hello".to_owned(), EntryOptions::new()).await?;
/// assert_eq!(there.get::<String>("greeting").await.as_deref(), Some(&"hello".to_owned()));
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct Hub {
    held: Arc<Held>,
    /// How a cache that is built on this reaches it, if not at once.
    #[cfg(feature = "evidence")]
    way: Option<remote::Approach>,
}

#[derive(Debug)]
struct Held {
    server: Mutex<Server<Bytes>>,
    /// Wakes those who wait for the log, in the order in which they came.
    news: Notify,
    faults: faults::Faults,
    #[cfg(feature = "evidence")]
    conditions: remote::Conditions,
}

impl Hub {
    /// An empty hub.
    pub fn new() -> Self {
        let held = Held {
            server: Mutex::new(Server::default()),
            news: Notify::new(),
            faults: faults::Faults::default(),
            #[cfg(feature = "evidence")]
            conditions: remote::Conditions::default(),
        };
        Self {
            held: Arc::new(held),
            #[cfg(feature = "evidence")]
            way: None,
        }
    }

    /// Forgets everything, as `FLUSHALL` does to a server: the caches on it notice, and start
    /// over in a new epoch.
    pub fn flush(&self) {
        *self.held.server.lock() = Server::default();
    }

    /// One cache's end of it; the cache has this random id.
    pub(crate) fn tier(&self, config: &Config, local: Arc<Local>, origin: u64) -> Shared {
        #[cfg(feature = "evidence")]
        if let Some(approach) = &self.way {
            let remote = remote::RemoteHub::new(self, approach, config, local);
            return Shared::Remote(Arc::new(remote));
        }
        Shared::Hub(HubTier::new(self, config, local, origin))
    }
}

impl Default for Hub {
    fn default() -> Self {
        Self::new()
    }
}
