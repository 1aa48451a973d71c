//! What the protocol asks of L2, whoever provides it, and how the log is appended to.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use super::feed::Feed;
use super::hub::HubTier;
#[cfg(feature = "evidence")]
use super::hub::remote::RemoteHub;
use super::record::{Traits, Value};
use super::redis::Redis;
use super::unavailable::Unavailable;
use crate::config::Config;
use crate::core::{Appended, Message, Snapshot};
use crate::observe::spans::Command;
use crate::protect::Supervised;

/// What a read of L2 found.
#[derive(Clone, Debug)]
pub(crate) struct Looked {
    /// The record as it is stored.
    pub(crate) bytes: Bytes,
    /// How long it will live at least; zero when that is not known.
    pub(crate) remaining: Duration,
}

/// What became of the attempt to get the lease of a key.
#[derive(Clone, Debug)]
pub(crate) enum Claim {
    /// The key was missing; the lease is ours.
    Granted,
    /// Something is there already.
    Occupied(Looked),
}

/// What a server did with a fill.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(crate) struct Fill {
    /// Whether it was stored; else the lease was gone.
    pub(crate) stored: bool,
    /// Whether somebody waits for what the lease's load brings.
    pub(crate) awaited: bool,
}

/// No hand-over is kept for less: those who wait look for it now and then.
const SHORTEST_HAND_OVER: Duration = Duration::from_millis(100);

/// How long a hand-over is kept, and how long it is known that somebody waits for it.
pub(super) fn life_of_hand_over(config: &Config) -> Duration {
    config.lease_wait.max(SHORTEST_HAND_OVER)
}

/// What somebody sees who waits for the load of another's lease.
#[derive(Clone, Debug)]
pub(crate) struct Awaited {
    /// What was handed over to those who wait: nothing yet when it is empty. `None` when nobody was
    /// known to wait until now.
    pub(crate) handed: Option<Bytes>,
    /// What is there now.
    pub(crate) looked: Option<Looked>,
}

/// A record together with everything that `meta` said at the same moment.
#[derive(Clone, Debug)]
pub(crate) struct Guarded {
    pub(crate) looked: Option<Looked>,
    /// `None` when `meta` is gone: then no record can be trusted.
    pub(crate) snapshot: Option<Snapshot>,
}

/// What is left of the life of a record that slides.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(crate) struct Leftover {
    pub(crate) sliding: Duration,
    pub(crate) absolute: Duration,
}

/// One value for [`Shared::store`].
#[derive(Clone)]
pub(crate) struct StoreEntry {
    pub(crate) key: Arc<str>,
    pub(crate) traits: Traits,
    pub(crate) rest: Vec<u8>,
}

/// L2 and the log.
pub(crate) enum Shared {
    Redis(Arc<Redis>),
    Hub(HubTier),
    #[cfg(feature = "evidence")]
    Remote(Arc<RemoteHub>),
}

impl Shared {
    /// Whether it is in service at all.
    pub(crate) fn is_up(&self) -> bool {
        match self {
            Shared::Redis(tier) => tier.link().is_up(),
            Shared::Hub(tier) => tier.is_up(),
            #[cfg(feature = "evidence")]
            Shared::Remote(tier) => tier.link().is_up(),
        }
    }

    /// The breaker's state, for people.
    pub(crate) fn breaker_state(&self) -> &'static str {
        match self {
            Shared::Redis(tier) => tier.link().breaker.state(),
            Shared::Hub(tier) if tier.is_up() => "closed",
            Shared::Hub(_) => "open",
            #[cfg(feature = "evidence")]
            Shared::Remote(tier) => tier.link().breaker.state(),
        }
    }

    fn command(&self, operation: &'static str) -> Command {
        let system = match self {
            Shared::Redis(_) => "redis",
            _ => "unstale.hub",
        };
        Command {
            system,
            operation,
            procedure: None,
            batch: None,
        }
    }

    fn script(&self, procedure: &'static str, batch: Option<usize>) -> Command {
        Command {
            procedure: Some(procedure),
            batch,
            ..self.command("EVALSHA")
        }
    }

    /// Reads a record.
    pub(crate) async fn look(&self, key: &str) -> Result<Option<Looked>, Unavailable> {
        let work = async { provider!(self, tier => tier.look(key).await) };
        self.command("GET").traced(work).await
    }

    /// Reads several records, in their order.
    pub(crate) async fn look_many(
        &self,
        keys: &[Arc<str>],
    ) -> Result<Vec<Option<Looked>>, Unavailable> {
        let work = async { provider!(self, tier => tier.look_many(keys).await) };
        Command {
            batch: Some(keys.len()),
            ..self.command("MGET")
        }
        .traced(work)
        .await
    }

    /// Reads a record together with the bans that the server knows.
    pub(crate) async fn look_guarded(&self, key: &str) -> Result<Guarded, Unavailable> {
        let work = async { provider!(self, tier => tier.look_guarded(key).await) };
        self.script("guarded", None).traced(work).await
    }

    /// Reads a record, or puts the lease in its place when it is missing; one round trip.
    pub(crate) async fn claim(&self, key: &str, lease: &Bytes) -> Result<Claim, Unavailable> {
        let work = async {
            match provider!(self, tier => tier.claim(key, lease).await) {
                // A full server refuses every SET, but what it has can still be read.
                Err(Unavailable::Full) => {
                    let looked = provider!(self, tier => tier.look(key).await)?;
                    looked.map(Claim::Occupied).ok_or(Unavailable::Full)
                }
                answer => answer,
            }
        };
        self.command("SET").traced(work).await
    }

    /// Puts the lease in the place of a record that starts with `seen`.
    pub(crate) async fn take_over(
        &self,
        key: &str,
        seen: &[u8],
        lease: &Bytes,
    ) -> Result<bool, Unavailable> {
        let work = async { provider!(self, tier => tier.take_over(key, seen, lease).await) };
        self.script("take_over", None).traced(work).await
    }

    /// Fills a key on our lease, unless that is gone.
    pub(crate) async fn fill(
        &self,
        key: &str,
        lease: &Bytes,
        value: &Value,
        rest: &[u8],
    ) -> Result<Fill, Unavailable> {
        let command = match self {
            Shared::Redis(tier) if tier.fills_by_command(&value.traits) => self.command("SET"),
            _ => self.script("fill", None),
        };
        let work = async { provider!(self, tier => tier.fill(key, lease, value, rest).await) };
        command.traced(work).await
    }

    /// Looks at a record again that is another's lease, and has it known that somebody waits for what
    /// its load brings.
    pub(crate) async fn await_fill(&self, key: &str, lease: &[u8]) -> Result<Awaited, Unavailable> {
        let work = async {
            match provider!(self, tier => tier.await_fill(key, lease).await) {
                // It takes note of nobody either.
                Err(Unavailable::Full) => Ok(Awaited {
                    handed: None,
                    looked: provider!(self, tier => tier.look(key).await)?,
                }),
                answer => answer,
            }
        };
        self.command("SET").traced(work).await
    }

    /// Hands over what our load has brought to those who wait for it, because it was refused.
    pub(crate) async fn hand_over(
        &self,
        lease: &[u8],
        value: &Value,
        rest: &[u8],
    ) -> Result<(), Unavailable> {
        let work = async { provider!(self, tier => tier.hand_over(lease, value, rest).await) };
        self.command("SET").traced(work).await
    }

    /// Gives a lease back unfilled, so that nobody waits for it.
    pub(crate) async fn release(&self, key: &str, lease: &Bytes) -> Result<(), Unavailable> {
        provider!(self, tier => tier.release(key, lease).await)
    }

    /// Prolongs a record that slides.
    pub(crate) async fn touch(&self, key: &str, seen: &[u8]) -> Result<Leftover, Unavailable> {
        provider!(self, tier => tier.touch(key, seen).await)
    }

    /// Deletes the keys and records the bans, then appends the changes to the log.
    pub(crate) async fn invalidate(&self, message: &Message) -> Result<Appended, Unavailable> {
        let work = async { provider!(self, tier => tier.invalidate(message).await) };
        self.script("invalidate", Some(message.changes.len()))
            .traced(work)
            .await
    }

    /// Stores values and appends their keys to the log.
    pub(crate) async fn store(
        &self,
        message: &Message,
        entries: &[StoreEntry],
    ) -> Result<Appended, Unavailable> {
        let work = async { provider!(self, tier => tier.store(message, entries).await) };
        self.script("store", Some(entries.len())).traced(work).await
    }

    /// Fences again, which tells the server the longest TTL that this instance knows of.
    pub(crate) async fn fence(&self) -> Result<(), Unavailable> {
        match self {
            Shared::Redis(tier) => tier.fence().await,
            Shared::Hub(tier) => tier.fence(),
            #[cfg(feature = "evidence")]
            Shared::Remote(tier) => tier.fence().await,
        }
    }

    /// Opens a connection of its own to the log, and fences it.
    pub(crate) async fn listen(&self) -> Result<Feed, Unavailable> {
        match self {
            Shared::Redis(tier) => Ok(Feed::Redis(tier.listen().await?)),
            Shared::Hub(tier) => Ok(Feed::Hub(tier.listen()?)),
            #[cfg(feature = "evidence")]
            Shared::Remote(tier) => Ok(Feed::Remote(tier.listen().await?)),
        }
    }
}
