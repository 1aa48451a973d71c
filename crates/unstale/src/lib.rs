//! A hybrid cache for write-heavy services whose copies are never stale in silence.
//!
//! Each instance of a service keeps a small cache in its own memory (**L1**) in front of one that
//! all instances share (**L2**, on Redis or Valkey). The database is the source of truth: a
//! service writes the database first and invalidates second, and every other instance drops its
//! copy within about a millisecond. An instance that cannot prove that it has heard of every
//! invalidation stops using its copies, and goes on working.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use std::time::Duration;
//! use unstale::{Cache, Policy};
//!
//! # struct Repository;
//! # impl Repository {
//! #     async fn current_price(&self, _: &str) -> Result<Option<f64>, std::io::Error> { Ok(Some(411.22)) }
//! #     async fn update(&self, _: &str, _: f64) -> Result<(), std::io::Error> { Ok(()) }
//! # }
//! # let repository = Repository;
//! let cache = Cache::builder()          // or Cache::from_config_file("appsettings.json")
//!     .policy("stock:price:*", Policy::new().absolute_expiration(Duration::from_secs(120)))
//!     .build()
//!     .await?;
//! let prices = cache.space::<f64>("stock:price");
//!
//! let price = prices.get_or_load("MSFT", || repository.current_price("MSFT")).await?;
//! assert_eq!(price.as_deref(), Some(&411.22));
//!
//! repository.update("MSFT", 412.0).await?;   // the database first
//! prices.remove("MSFT").await;               // then invalidate; never fails the write
//! # Ok(()) }
//! ```
//!
//! # What is promised
//!
//! * **F1 No stale fill.** After [`remove`](Cache::remove) is acknowledged, no value loaded before
//!   it can enter L2, or any L1 that has applied it.
//! * **F2 Read your own writes.** On the instance that called `remove`, a read that starts after
//!   the call returned never sees an older value: not from L1, not from L2, not by joining a load
//!   that was already in flight, and not while the server is down.
//! * **F3 Bounded staleness.** No instance answers from L1 with a value whose removal was
//!   acknowledged more than `MaxStaleness` ago (2 s; about 1 ms as a rule), whatever the network,
//!   the server or the clocks do.
//! * **F4 Nothing is missed silently.** Trimmed entries, lost messages, a restarted, flushed or
//!   failed-over server, a reused position: each is detected within `MaxStaleness`.
//! * **F5 Never in the way.** Server slow, full or gone: reads come from the source, writes
//!   succeed, and the removals that could not be sent are counted, visible and retried.
//! * **F6 Read your writes anywhere.** `remove` returns a [`Token`]; a read that carries it, on
//!   any instance, sees that write or a newer one ([`Space::after`]).
//!
//! What is not promised: between the database's commit and the removal's acknowledgement other
//! instances may answer with the old value. A process killed between commit and `remove` leaves
//! the old value until it expires. [`set`](Cache::set) is last-writer-wins, outside F1 and F2. An
//! isolated old primary that still accepts writes, connections that survive a failover behind a
//! proxy, and loads that read a lagging database replica are beyond what a cache can see.
//!
//! # The flow
//!
//! A read goes L1 → flight → L2 → load → fill. What L1 holds is served without a round trip, and as
//! a rule without an allocation and under no lock but a shared one. A miss joins somebody's load in
//! flight, or leads one: it takes the *lease* of the missing key in L2, loads, and fills by
//! compare-and-set on that lease. A removal in between kills the lease, so a value that was read too
//! early is refused, and goes to those alone who have waited for it since before the removal; the
//! same holds for L1 and its *tickets*.
//!
//! A removal takes effect here at once, then appends to the *log* and deletes from L2 in one
//! script. Every instance follows the log with a cursor of its own. Positions are contiguous: a
//! gap is seen, and that instance drops its L1. A *probe* proves, for `MaxStaleness` from when it
//! was sent, that nothing was missed.
//!
//! [`remove_pattern`](Cache::remove_pattern), [`remove_tag`](Cache::remove_tag) and
//! [`clear`](Cache::clear) record a *ban*: one round trip, no scan, however many keys there are.
//!
//! # The words
//!
//! *Instance*: one [`Cache`] with its own L1. *Namespace*: the key prefix (`InstanceName`).
//! *Partition*: a slice of the key space whose keys share a hash tag. *Log*: the ordered
//! invalidations of a partition. *Position*: `epoch-seq`, contiguous within an epoch. *Epoch*:
//! changes whenever the server's history may be broken. *Stamp*: the position before which a load
//! began. *Lease*: the right to fill one missing key in L2, once. *Ticket*: the right to insert
//! one value into L1, once. *Ban*: an invalidation by pattern or tag. *Proof*: until when this
//! instance is known to have applied everything. *Fill*: storing what a load returned. *Flight*:
//! one load in progress, shared by its callers. *Hand-over*: a value that L2 refused, passed on to
//! readers on other instances who had seen its lease.
//!
//! # When things fail
//!
//! Nothing here fails a service's own read or write. [`get`](Cache::get) answers `None`,
//! [`get_or_load`](Cache::get_or_load) asks the source, and a removal that the server did not
//! confirm is [`Outcome::Pending`]: this instance keeps to the source for the keys concerned and
//! sends it until it is confirmed. [`Cache::health`] says how things stand. Errors are for
//! mistakes: a configuration that cannot work, a login that is refused, a value that cannot be
//! encoded.
//!
//! # Seeing what it does
//!
//! [`Cache::effectiveness`] and [`Cache::invalidations`] have the figures, per key pattern where that
//! says more. With the feature `metrics`, `Cache::publish_metrics` hands them to Prometheus or
//! whatever else the application's recorder is for. Whatever takes time has a `tracing` span with the
//! target `unstale::spans`, and a hit in L1 has none. [`Space::inspect_with`] compares a sample of
//! the hits with the source, and finds the write that forgot to invalidate.

mod builder;
mod cache;
mod clock;
mod codec;
pub mod config;
mod entry;
pub mod error;
#[cfg(feature = "evidence")]
pub mod evidence;
#[cfg(feature = "fuzzing")]
#[doc(hidden)]
pub mod fuzzing;
mod heartbeat;
mod instance;
mod key;
mod local;
#[cfg(feature = "metrics")]
pub mod metrics;
mod observe;
#[cfg(feature = "operate")]
pub mod operate;
mod partitions;
pub mod policy;
mod protect;
mod random;
mod read;
mod receive;
mod runtime;
mod space;
mod tiers;
mod token;
mod write;

use unstale_core as core;

pub use builder::CacheBuilder;
pub use cache::Cache;
pub use config::Config;
pub use entry::{Entry, EntryOptions};
pub use error::{Error, KeyError};
pub use key::{ANY, Any, Ids, Part, Parts};
#[doc(hidden)]
pub use key::{Filling, Text};
pub use observe::{
    Effectiveness, Event, Events, Health, Heartbeat, InvalidationStats, PatternPulse, PatternStats,
    Removal, Removed,
};
pub use policy::{Policy, Priority};
pub use read::{Cacheable, FromIds, Lease, Lookup, Peek, Source, Sourced};
pub use space::Space;
pub use tiers::Hub;
pub use token::{Token, TokenError};
pub use unstale_core::glob;
pub use write::Outcome;
