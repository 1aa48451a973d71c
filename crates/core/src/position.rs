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

/// A place in a history, and which entry stands there: a server that has gone back gives the same
/// sequence number to another one.
#[derive(Copy, Clone, PartialEq, Eq, Hash, Debug, Default)]
pub struct Place {
    /// Its sequence number; zero for none.
    pub seq: u64,
    /// The id of the entry.
    pub id: u64,
}

impl Place {
    /// Whether both are about the same sequence number, and not about the same entry.
    pub(super) fn contradicts(self, other: Place) -> bool {
        self.seq == other.seq && self.id != other.id
    }
}

/// What an instance can tell a server of the history it follows.
#[derive(Copy, Clone, PartialEq, Eq, Hash, Debug, Default)]
pub struct Witness {
    /// The history.
    pub history: History,
    /// The highest place known to have been given in it: a server that has not come as far, or has
    /// another entry there, has gone back, and has given positions a second time or will.
    pub known: Place,
    /// Another place that is known, and was not seen to be one with what came after it.
    pub unseen: Place,
    /// Whatever is known up to this sequence number may have been trimmed from the log: others know
    /// of it as well.
    pub excused: u64,
}

impl Witness {
    /// The position up to which it knows the history.
    pub fn position(&self) -> Position {
        Position {
            epoch: self.history.epoch,
            seq: self.known.seq,
        }
    }

    /// What a server has kept that answered with this history: everything that was named of it.
    pub fn kept_in(&self, history: History) -> [Place; 2] {
        if history == self.history {
            [self.known, self.unseen]
        } else {
            [Place::default(); 2]
        }
    }
}

impl From<History> for Witness {
    /// Of somebody who knows nothing of how far it has come.
    fn from(history: History) -> Self {
        Self {
            history,
            ..Self::default()
        }
    }
}

/// What the fence answers: the server's history, and how far it has come.
#[derive(Copy, Clone, PartialEq, Eq, Hash, Debug, Default)]
pub struct Fenced {
    /// Which history goes on.
    pub history: History,
    /// The sequence number of the newest log entry.
    pub tail: u64,
    /// The id of that entry.
    pub last: u64,
    /// The places that the caller named, and that came before this one.
    pub kept: [Place; 2],
    /// Whether that entry is the caller's own, which he has just appended.
    pub own: bool,
    /// The longest TTL that the server keeps bans for; zero where it did not say.
    pub longest_ttl: Duration,
}

impl Fenced {
    /// The answer to one who knows `ours`.
    pub fn answering(self, ours: &Witness) -> Self {
        let kept = ours.kept_in(self.history);
        Self { kept, ..self }
    }

    /// How far the history has come.
    pub fn position(&self) -> Position {
        Position {
            epoch: self.history.epoch,
            seq: self.tail,
        }
    }

    /// How far, and which entry that is.
    pub fn place(&self) -> Place {
        Place {
            seq: self.tail,
            id: self.last,
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
    /// Its id.
    pub id: u64,
    /// The places that the caller named, and that came before this one.
    pub kept: [Place; 2],
}

impl Appended {
    /// Its place in the log.
    pub fn position(&self) -> Position {
        Position {
            epoch: self.history.epoch,
            seq: self.seq,
        }
    }

    /// The same, within its history.
    pub fn place(&self) -> Place {
        Place {
            seq: self.seq,
            id: self.id,
        }
    }

    /// The same, as the fence would have put it.
    pub fn fenced(&self) -> Fenced {
        Fenced {
            history: self.history,
            tail: self.seq,
            last: self.id,
            kept: self.kept,
            own: true,
            ..Fenced::default()
        }
    }
}
