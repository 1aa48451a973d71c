//! A hybrid cache for write-heavy services whose copies are never stale in silence.

mod cache;
mod clock;
mod codec;
pub mod config;
mod core;
mod entry;
pub mod error;
pub mod glob;
mod instance;
mod key;
mod local;
mod observe;
pub mod policy;
mod protect;
mod read;
mod receive;
mod space;
mod tiers;
mod token;
mod write;

pub use cache::{Cache, CacheBuilder};
pub use config::Config;
pub use entry::{Entry, EntryOptions};
pub use error::Error;
pub use key::{ANY, Any, Ids, Part, Parts};
pub use observe::{Effectiveness, Health, InvalidationStats, PatternStats};
pub use policy::{Policy, Priority};
pub use read::{Cacheable, Lease, Lookup};
pub use space::Space;
pub use tiers::Hub;
pub use token::{Token, TokenError};
pub use write::Outcome;
