//! One partition as one instance knows it: the protocol's decisions.

use std::sync::Arc;
use std::time::Duration;

use super::ban::{Bans, Scope};
use super::guard::Guard;
use super::keys::Keys;
use super::known::Known;
use super::position::{Fenced, History, Place, Position, Witness};
use super::proof::Proof;
use super::tick::Tick;

mod following;
mod inspecting;
mod invalidating;
mod reading;

pub use following::Received;
pub use inspecting::Verdict;
pub use reading::Reach;

/// Server and instance may disagree on how long a ban has been kept by this much.
const CLOCK_MARGIN: Duration = Duration::from_secs(2);

/// The copies in L1, as far as the protocol is concerned.
pub trait Copies {
    /// Drops the copy of one key.
    fn drop_key(&mut self, key: &str);
    /// Drops every copy of the partition.
    fn drop_all(&mut self);
}

/// The spans and bounds that the protocol's decisions depend on.
#[derive(Copy, Clone, Debug)]
pub struct Limits {
    /// L1 is served for this long after the last proof.
    pub max_staleness: Duration,
    /// A load that takes longer no longer counts as a flight.
    pub load_timeout: Duration,
    /// A lease is held for at most this long.
    pub lease_ttl: Duration,
    /// More bans than this are folded into broader ones.
    pub max_bans: usize,
}

/// Everything that `meta` says: what a resynchronisation starts from.
#[derive(Clone, PartialEq, Debug)]
pub struct Snapshot {
    /// The history, and how far it has come.
    pub fenced: Fenced,
    /// The bans, each with its sequence number in that history.
    pub bans: Vec<(Scope, u64)>,
}

impl Snapshot {
    /// The same, read by a script that was told what the reader knows.
    pub fn answering(self, ours: &Witness) -> Self {
        let fenced = self.fenced.answering(ours);
        Self { fenced, ..self }
    }

    /// Whether the server has come as far as a read has to see. One that has gone back since has not.
    pub fn reaches(&self, at_least: Position) -> bool {
        at_least <= self.fenced.position()
    }

    /// Whether a record read together with this snapshot may be used, now, on the server's word.
    pub fn accepts(&self, key: &str, tags: &[Arc<str>], stamp: Position) -> bool {
        let mut bans = Bans::default();
        let epoch = self.fenced.history.epoch;
        for (scope, seq) in &self.bans {
            bans.add(scope, Position { epoch, seq: *seq }, Tick::default());
        }
        Guard::RecordsOfThisEpoch.demands(stamp.epoch == epoch) && !bans.forbid(key, tags, stamp, 0)
    }
}

/// One slice of the key space as one instance knows it.
#[derive(Clone, Debug)]
pub struct Partition {
    limits: Limits,
    history: Option<History>,
    /// The history was broken under this instance: it has nothing to do with it any longer, and waits
    /// for a new one.
    disowned: bool,
    /// Everything up to here has been applied.
    cursor: Place,
    /// The cursor is meaningful: nothing between it and the log is known to be missing.
    synced: bool,
    /// What is known to be executed.
    known: Known,
    proof: Proof,
    bans: Bans,
    /// Copies that were last checked before this count of arrivals are dropped.
    floor: u64,
    keys: Keys,
    /// The longest life of any value, as far as this instance ever knew.
    longest_ttl: Duration,
    /// The longest TTL that the server is known to keep bans for, in this epoch.
    confirmed_ttl: Duration,
}

impl Partition {
    /// A partition that has not met its server yet: nothing is proven.
    pub fn new(limits: Limits, longest_ttl: Duration) -> Self {
        Self {
            limits,
            history: None,
            disowned: false,
            cursor: Place::default(),
            synced: false,
            known: Known::default(),
            proof: Proof::new(limits.max_staleness),
            bans: Bans::default(),
            floor: 0,
            keys: Keys::default(),
            longest_ttl,
            confirmed_ttl: Duration::ZERO,
        }
    }

    /// A partition without a server: this instance is the only one, and writes the history itself.
    pub fn alone(limits: Limits, longest_ttl: Duration) -> Self {
        Self {
            history: Some(History { epoch: 1, nonce: 0 }),
            synced: true,
            proof: Proof::standing(limits.max_staleness),
            ..Self::new(limits, longest_ttl)
        }
    }

    /// The history this instance follows; the default one before it has met a server.
    pub fn history(&self) -> History {
        self.history.unwrap_or_default()
    }

    /// What a server has to be told before it may append or answer a probe. No server has come as
    /// far as the witness of a disowned history.
    pub fn witness(&self) -> Witness {
        let beyond_any = Place {
            seq: u64::MAX,
            id: 0,
        };
        Witness {
            history: self.history(),
            known: if self.disowned {
                beyond_any
            } else {
                self.known.newest()
            },
            unseen: self.known.unseen(),
            excused: self.known.excused(),
        }
    }

    /// The highest position known to be executed: the stamp of a load that begins now.
    pub fn known(&self) -> Position {
        Position {
            epoch: self.history().epoch,
            seq: self.known.newest().seq,
        }
    }

    /// Everything up to here has been applied.
    pub fn position(&self) -> Position {
        Position {
            epoch: self.history().epoch,
            seq: self.cursor.seq,
        }
    }

    /// Whether the history was broken under this instance: the fence has to begin a new one.
    pub fn is_disowned(&self) -> bool {
        self.disowned
    }

    /// Whether the cursor is meaningful: nothing before it is known to be missing.
    pub fn is_synced(&self) -> bool {
        self.synced
    }

    /// Whether the fence has still to be asked about something that was passed over unread.
    pub fn has_unseen(&self) -> bool {
        self.known.has_unseen()
    }

    /// When the newest proof was sent.
    pub fn proven_at(&self) -> Option<Tick> {
        self.proof.proven_at()
    }

    /// L1 may be served before this.
    pub fn holds_until(&self) -> Tick {
        self.proof.holds_until()
    }

    /// How many bans have arrived so far.
    pub fn bans_arrived(&self) -> u64 {
        self.bans.arrived()
    }

    /// How many bans are remembered.
    pub fn bans(&self) -> usize {
        self.bans.len()
    }

    /// The longest life of any value, as far as this instance ever knew.
    pub fn longest_ttl(&self) -> Duration {
        self.longest_ttl
    }

    /// Whether the server keeps bans long enough for a value that lives so long.
    pub fn is_ttl_allowed(&self, ttl: Duration) -> bool {
        self.confirmed_ttl >= ttl
    }

    /// How long a ban has to be remembered: until nothing it forbids can be left.
    pub fn ban_retention(&self) -> Duration {
        self.longest_ttl
            .saturating_add(self.ban_retention_beyond_ttl())
    }

    /// The part of [`Partition::ban_retention`] that does not depend on the longest TTL.
    ///
    /// A maximum, and not a sum: what a ban forbids in L2 was claimed before it, and is gone one
    /// lease and one TTL later; a copy that was taken in the meantime lives no longer than its
    /// record. Clocks may differ by more than the margin, when a server's stands still, so nothing
    /// that an instance serves rests on it: forgotten bans still forbid what is stamped before them.
    pub fn ban_retention_beyond_ttl(&self) -> Duration {
        if Guard::BansOutliveLeases.holds() {
            self.limits.lease_ttl.max(self.limits.max_staleness) + CLOCK_MARGIN
        } else {
            CLOCK_MARGIN
        }
    }
}

#[cfg(feature = "evidence")]
impl Partition {
    /// The tail that an answered probe still waits for.
    pub fn awaited_tail(&self) -> Option<u64> {
        self.proof.awaited_tail()
    }

    /// The counts of arrivals that copies are compared with.
    pub fn arrivals(&self) -> impl Iterator<Item = u64> {
        self.bans.arrivals().chain([self.floor])
    }

    /// Writes it down for the model, after those who hold its tickets.
    pub fn write(&self, to: &mut crate::Canonical) {
        to.option(self.history, crate::Canonical::history);
        to.flag(self.disowned);
        to.place(self.cursor);
        to.flag(self.synced);
        self.known.write(to);
        self.proof.write(to);
        self.bans.write(to);
        to.rank(self.floor);
        self.keys.write(to, self.limits.load_timeout);
        to.span(self.longest_ttl);
        to.span(self.confirmed_ttl);
    }
}
