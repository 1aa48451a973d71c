//! Where something stands in a partition's history.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use super::guard::Guard;

/// A place in a partition's log: contiguous within an epoch.
#[derive(Copy, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Position {
    /// The unbroken stretch of history it belongs to.
    pub epoch: u64,
    /// Its place in there.
    pub seq: u64,
}

impl Position {
    /// Before everything: the position of an instance that knows nothing yet.
    pub const ORIGIN: Position = Position { epoch: 0, seq: 0 };
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
pub struct History {
    /// Its number: later ones are higher.
    pub epoch: u64,
    /// Told apart by this from others of the same number.
    pub nonce: u64,
}

impl History {
    /// Whether both are one and the same.
    pub(super) fn is(self, other: History) -> bool {
        self.epoch == other.epoch && Guard::NonceIsCompared.demands(self.nonce == other.nonce)
    }
}

/// What an instance can tell a server of the history it follows.
#[derive(Copy, Clone, PartialEq, Eq, Hash, Debug, Default)]
pub struct Witness {
    /// The history.
    pub history: History,
    /// The highest sequence number known to have been given in it: a server that has not come as
    /// far has gone back, and will give positions a second time.
    pub seq: u64,
}

impl Witness {
    /// The position up to which it knows the history.
    pub fn known(&self) -> Position {
        Position {
            epoch: self.history.epoch,
            seq: self.seq,
        }
    }
}

impl From<History> for Witness {
    /// Of somebody who knows nothing of how far it has come.
    fn from(history: History) -> Self {
        Self { history, seq: 0 }
    }
}

/// What the fence answers: the server's history, and how far it has come.
#[derive(Copy, Clone, PartialEq, Eq, Hash, Debug, Default)]
pub struct Fenced {
    /// Which history goes on.
    pub history: History,
    /// The sequence number of the newest log entry.
    pub tail: u64,
    /// The longest TTL that the server keeps bans for; zero where it did not say.
    pub longest_ttl: Duration,
}

impl Fenced {
    /// How far the history has come.
    pub fn position(&self) -> Position {
        Position {
            epoch: self.history.epoch,
            seq: self.tail,
        }
    }
}

/// Where an entry was appended to the log.
#[derive(Copy, Clone, PartialEq, Eq, Hash, Debug)]
pub struct Appended {
    /// The history it is a part of.
    pub history: History,
    /// Its place in there.
    pub seq: u64,
}

impl Appended {
    /// Its place in the log.
    pub fn position(&self) -> Position {
        Position {
            epoch: self.history.epoch,
            seq: self.seq,
        }
    }

    /// The same, as the fence would have put it.
    pub fn fenced(&self) -> Fenced {
        Fenced {
            history: self.history,
            tail: self.seq,
            longest_ttl: Duration::ZERO,
        }
    }
}
