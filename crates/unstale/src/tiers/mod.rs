//! Where values are held: in this process (L1), and shared with the other instances (L2).

#[cfg(feature = "evidence")]
pub(crate) mod hub;
#[cfg(not(feature = "evidence"))]
mod hub;
mod memory;
pub(crate) mod record;
mod redis;
mod shared;
pub(crate) mod wire;

pub use hub::Hub;

pub(crate) use memory::{Changing, Held, Look, Memory, Sight, Sliding, Value};
pub(crate) use redis::Redis;
#[cfg(feature = "evidence")]
pub use redis::RedisSteps;
#[cfg(feature = "operate")]
pub(crate) use redis::outside;
#[cfg(feature = "evidence")]
pub(crate) use shared::Fill;
pub(crate) use shared::{
    Awaited, Claim, Content, Entries, Feed, Looked, Shared, StoreEntry, Unavailable,
};
