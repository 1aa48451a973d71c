//! Where something stands in a partition's history.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// A place in a partition's log: contiguous within an epoch.
#[derive(Copy, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub(crate) struct Position {
    pub(crate) epoch: u64,
    pub(crate) seq: u64,
}

impl Position {
    /// Before everything: the position of an instance that knows nothing yet.
    pub(crate) const ORIGIN: Position = Position { epoch: 0, seq: 0 };
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.epoch, self.seq)
    }
}

impl FromStr for Position {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (epoch, seq) = text.split_once('-').ok_or(())?;
        Ok(Position {
            epoch: epoch.parse().map_err(drop)?,
            seq: seq.parse().map_err(drop)?,
        })
    }
}

/// One unbroken history of a server: its epoch, and the nonce that tells it from another history
/// that came to the same epoch.
#[derive(Copy, Clone, PartialEq, Eq, Hash, Debug, Default)]
pub(crate) struct History {
    pub(crate) epoch: u64,
    pub(crate) nonce: u64,
}

/// What the fence answers: the server's history, and how far it has come.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(crate) struct Fenced {
    pub(crate) history: History,
    /// The sequence number of the newest log entry.
    pub(crate) tail: u64,
    /// The longest TTL that the server keeps bans for; zero where it did not say.
    pub(crate) longest_ttl: Duration,
}

impl Fenced {
    pub(crate) fn position(&self) -> Position {
        Position {
            epoch: self.history.epoch,
            seq: self.tail,
        }
    }
}
