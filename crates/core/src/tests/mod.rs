//! Interleavings that the pure protocol has to survive, one theme to a file.

mod acknowledgements;
mod bans;
#[cfg(feature = "evidence")]
mod broken;
mod confirmed;
mod epochs;
mod flights;
mod following;
#[cfg(feature = "evidence")]
mod guarded;
mod inspections;
mod outbox;
mod proof;
mod random;
mod refusals;
mod rollback;
mod tickets;
mod tokens;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use super::{
    Appended, Arrival, Change, Copies, Fenced, History, Limits, Message, Partition, Position,
    Received, Scope, Snapshot, Tick, Ticket, Validity,
};

const MAX_STALENESS: Duration = Duration::from_secs(2);
const LOAD_TIMEOUT: Duration = Duration::from_secs(10);
const LONGEST_TTL: Duration = Duration::from_secs(60);

const LIMITS: Limits = Limits {
    max_staleness: MAX_STALENESS,
    load_timeout: LOAD_TIMEOUT,
    lease_ttl: Duration::from_secs(10),
    max_bans: 100,
};

/// The history that most tests run in.
const HISTORY: History = History {
    epoch: 7,
    nonce: 70,
};

/// The one that comes after it.
const NEXT: History = History {
    epoch: 8,
    nonce: 80,
};

/// A copy as L1 holds it, without its value.
#[derive(Clone, Debug)]
struct Copy {
    stamp: Position,
    tags: Vec<Arc<str>>,
    checked: u64,
}

/// L1.
#[derive(Default, Debug)]
struct Shelf(HashMap<Arc<str>, Copy>);

impl Copies for Shelf {
    fn drop_key(&mut self, key: &str) {
        self.0.remove(key);
    }

    fn drop_all(&mut self) {
        self.0.clear();
    }
}

/// One instance: its partition and its copies.
struct Instance {
    partition: Partition,
    shelf: Shelf,
}

impl Instance {
    /// It has met nobody yet.
    fn new(limits: Limits) -> Self {
        Self {
            partition: Partition::new(limits, LONGEST_TTL),
            shelf: Shelf::default(),
        }
    }

    /// It follows [`HISTORY`], has applied everything up to `cursor`, and was proven at `now`.
    fn following(cursor: u64, now: Tick) -> Self {
        Self::following_with(LIMITS, cursor, now)
    }

    fn following_with(limits: Limits, cursor: u64, now: Tick) -> Self {
        let mut instance = Self::new(limits);
        assert!(instance.resume(HISTORY, cursor, &[], now));
        assert!(instance.probe(now, HISTORY, cursor));
        instance
    }

    fn resume(&mut self, history: History, tail: u64, bans: &[(&Scope, u64)], now: Tick) -> bool {
        let snapshot = snapshot(history, tail, bans);
        self.partition.resume(&snapshot, now, &mut self.shelf)
    }

    fn adopt(&mut self, history: History, tail: u64) -> bool {
        self.partition.adopt(fenced(history, tail), &mut self.shelf)
    }

    fn probe(&mut self, sent: Tick, history: History, tail: u64) -> bool {
        self.partition
            .probed(sent, fenced(history, tail), &mut self.shelf)
    }

    /// Somebody else's entry arrives.
    fn receive(&mut self, seq: u64, changes: &[Change], now: Tick) -> Received {
        self.receive_at(at(seq), changes, false, now)
    }

    fn receive_at(
        &mut self,
        position: Position,
        changes: &[Change],
        own: bool,
        now: Tick,
    ) -> Received {
        let message = Message {
            id: position.seq,
            before: position.seq.saturating_sub(1),
            changes: changes.to_vec(),
            ..Message::default()
        };
        self.partition
            .receive(position, &message, own, now, &mut self.shelf)
    }

    fn begin(&mut self, change: &Change, now: Tick) {
        self.partition.begin(change, now, &mut self.shelf);
    }

    fn acknowledge(&mut self, change: &Change, position: Position, now: Tick) -> bool {
        self.partition
            .acknowledge(change, 1, appended(position), now, &mut self.shelf)
    }

    /// Inserts a loaded value under its ticket, if it is admitted.
    fn keep(&mut self, ticket: Ticket, key: &str, tags: &[&str], stamp: Position) -> bool {
        let tags: Vec<Arc<str>> = tags.iter().map(|tag| Arc::from(*tag)).collect();
        let admitted = self.partition.admit(ticket, key, &tags, stamp, LONGEST_TTL);
        if let Some(checked) = admitted {
            let copy = Copy {
                stamp,
                tags,
                checked,
            };
            self.shelf.0.insert(key.into(), copy);
        }
        admitted.is_some()
    }

    /// A copy with this stamp gets into L1 the regular way.
    fn hold(&mut self, key: &str, tags: &[&str], stamp: Position) {
        let ticket = self.partition.open_ticket(&key.into());
        assert!(self.keep(ticket, key, tags, stamp));
    }

    /// Whether L1 has a copy of this key that may be served, proof or not.
    fn holds(&self, key: &str) -> bool {
        self.shelf.0.get(key).is_some_and(|copy| {
            let (tags, stamp) = (&copy.tags, copy.stamp);
            let validity = self.partition.validity(key, tags, stamp, copy.checked);
            matches!(validity, Validity::Valid { .. })
        })
    }

    fn is_proven(&self, now: Tick) -> bool {
        now < self.partition.holds_until()
    }

    fn arrive(&mut self, key: &str, at_least: Position, now: Tick) -> Arrival {
        self.partition.arrive(&key.into(), at_least, now)
    }

    /// Arrives as one who is sure to lead.
    fn lead(&mut self, key: &str, now: Tick) -> Ticket {
        match self.arrive(key, Position::ORIGIN, now) {
            Arrival::Lead(ticket) => ticket,
            other => panic!("not leading, but {other:?}"),
        }
    }
}

/// A position in [`HISTORY`].
fn at(seq: u64) -> Position {
    Position {
        epoch: HISTORY.epoch,
        seq,
    }
}

fn ms(millis: u64) -> Tick {
    Tick::from_nanos(millis * 1_000_000)
}

/// When most tests begin; long after the clock's zero.
fn start() -> Tick {
    ms(1_000_000)
}

/// An unbroken history, whose entries are called as their sequence numbers.
fn fenced(history: History, tail: u64) -> Fenced {
    Fenced {
        history,
        tail,
        last: tail,
        longest_ttl: LONGEST_TTL,
        ..Fenced::default()
    }
}

/// In [`HISTORY`] or in another of an epoch of its own.
fn appended(position: Position) -> Appended {
    Appended {
        history: History {
            epoch: position.epoch,
            nonce: position.epoch * 10,
        },
        seq: position.seq,
        id: position.seq,
        kept: Default::default(),
    }
}

fn snapshot(history: History, tail: u64, bans: &[(&Scope, u64)]) -> Snapshot {
    Snapshot {
        fenced: fenced(history, tail),
        bans: bans
            .iter()
            .map(|(scope, seq)| ((*scope).clone(), *seq))
            .collect(),
    }
}

fn key(key: &str) -> Change {
    Change::Key(key.into())
}

fn pattern(pattern: &str) -> Change {
    Change::Ban(Scope::of_pattern(pattern))
}

fn tag(tag: &str) -> Change {
    Change::Ban(Scope::Tag(tag.into()))
}

fn everything() -> Change {
    Change::Ban(Scope::All)
}
