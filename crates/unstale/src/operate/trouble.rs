//! What keeps an operator from his answer.

use std::error::Error as StdError;
use std::time::Duration;

use crate::error::Error;

/// What keeps an operator from his answer. None of these ever contains a password.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Trouble {
    /// The settings cannot work.
    #[error(transparent)]
    Settings(#[from] Error),

    /// The settings name no server: there is nothing to look at from outside.
    #[error("no server is configured")]
    NoServer,

    /// The server cannot be reached, or the connection broke.
    #[error("cannot reach {endpoint}: {source}")]
    Unreachable {
        /// Where the connection went.
        endpoint: String,
        /// What the client reported.
        source: Box<dyn StdError + Send + Sync>,
    },

    /// The server is there, and silent.
    #[error("{endpoint} did not answer within {after:?}")]
    Silent {
        /// Where the connection went.
        endpoint: String,
        /// How long was waited.
        after: Duration,
    },

    /// The server refuses the login.
    #[error("{endpoint} refuses the login: {source}")]
    Login {
        /// Where the connection went.
        endpoint: String,
        /// What the server answered.
        source: Box<dyn StdError + Send + Sync>,
    },

    /// The server refuses what it was asked.
    #[error("{endpoint} refuses {asked}: {source}")]
    Refused {
        /// Where the connection went.
        endpoint: String,
        /// The command.
        asked: String,
        /// What the server answered.
        source: Box<dyn StdError + Send + Sync>,
    },
}
