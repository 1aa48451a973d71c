//! Where values are held: in this process (L1), and shared with the other instances (L2).

/// Passes a call on to whoever provides L2, or the log.
macro_rules! provider {
    ($self:ident, $tier:ident => $call:expr) => {
        match $self {
            Self::Redis($tier) => $call,
            Self::Hub($tier) => $call,
            #[cfg(feature = "evidence")]
            Self::Remote($tier) => $call,
        }
    };
}

mod feed;
#[cfg(feature = "evidence")]
pub(crate) mod hub;
#[cfg(not(feature = "evidence"))]
mod hub;
mod memory;
pub(crate) mod record;
mod redis;
mod shared;
mod unavailable;
pub(crate) mod wire;

pub use hub::Hub;

pub(crate) use feed::{Content, Entries, Feed};
pub(crate) use memory::{
    Changing, Held, InBrief, Look, Memory, Named, Sight, Sliding, Sought, Value, let_go,
};
pub(crate) use redis::Redis;
#[cfg(feature = "evidence")]
pub use redis::RedisSteps;
#[cfg(feature = "operate")]
pub(crate) use redis::outside;
#[cfg(feature = "evidence")]
pub(crate) use shared::Fill;
pub(crate) use shared::{Awaited, Claim, Looked, Shared, StoreEntry};
pub(crate) use unavailable::{Unavailable, in_time};
