//! Databases that a server does not have.

use std::io;

use redis::{RedisError, RedisResult};

use super::handshake::within;

/// What servers say of one that they do not have: of a cluster, and of any other.
const SAID: [&str; 2] = ["not allowed in cluster mode", "out of range"];

/// The server has no database of the configured number.
#[derive(Debug, thiserror::Error)]
#[error(
    "the server has no database of that number ({said}). A cluster has database 0 alone, another server \
     as many as its `databases` says: change the number in Redis:Configuration (defaultDatabase=, or \
     behind the `/` of a URL) or in Redis:DefaultDatabase"
)]
pub(in crate::tiers::redis) struct NoDatabase {
    said: String,
}

impl NoDatabase {
    /// Puts the refusal of a database in words. Any other error stays as it is.
    pub(super) fn explain<T>(opened: RedisResult<T>) -> RedisResult<T> {
        opened.map_err(|error| {
            let said = error.detail().unwrap_or_default().to_owned();
            match SAID.iter().any(|words| said.contains(words)) {
                true => io::Error::other(Self { said }).into(),
                false => error,
            }
        })
    }

    /// Whether this is one that was put in words.
    pub(in crate::tiers::redis) fn is(error: &RedisError) -> bool {
        within::<Self>(error).is_some()
    }
}
