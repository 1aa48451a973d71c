//! What this instance holds and knows: its copies, and the partition's state.

use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::Mutex;

use crate::clock;
use crate::core::{Confirmed, Fenced, History, Partition, Position, Tick, Witness};
use crate::tiers::Memory;

/// The pure core and L1 behind one lock, and what a hit needs to know of them without it.
///
/// Whatever decides about a copy and changes it happens within one turn of the lock: a ticket is
/// checked and its value inserted, a removal is noted and its copy dropped.
pub(crate) struct Local {
    partition: Mutex<Partition>,
    confirmed: Mutex<Confirmed>,
    pub(crate) memory: Memory,
    holds_until: AtomicU64,
    bans_arrived: AtomicU64,
}

impl Local {
    pub(crate) fn new(partition: Partition, memory: Memory) -> Self {
        let local = Self {
            partition: Mutex::new(partition),
            confirmed: Mutex::default(),
            memory,
            holds_until: AtomicU64::default(),
            bans_arrived: AtomicU64::default(),
        };
        local.with(|_, _| ());
        local
    }

    /// One turn: decides and acts, and tells the readers of L1 what changed for them.
    pub(crate) fn with<R>(&self, turn: impl FnOnce(&mut Partition, &mut &Memory) -> R) -> R {
        let mut partition = self.partition.lock();
        let result = turn(&mut partition, &mut &self.memory);
        // The proof last: whoever sees it also sees the bans that it rests on.
        self.bans_arrived
            .store(partition.bans_arrived(), Ordering::Release);
        self.holds_until
            .store(partition.holds_until().as_nanos(), Ordering::Release);
        result
    }

    /// L1 may be served before this.
    pub(crate) fn holds_until(&self) -> Tick {
        Tick::from_nanos(self.holds_until.load(Ordering::Acquire))
    }

    /// How many bans have arrived.
    pub(crate) fn bans_arrived(&self) -> u64 {
        self.bans_arrived.load(Ordering::Acquire)
    }

    pub(crate) fn is_proven(&self) -> bool {
        clock::is_before(self.holds_until())
    }

    pub(crate) fn witness(&self) -> Witness {
        self.partition.lock().witness()
    }

    pub(crate) fn history(&self) -> History {
        self.partition.lock().history()
    }

    pub(crate) fn position(&self) -> Position {
        self.partition.lock().position()
    }

    /// What this instance sent was executed there, and is acknowledged.
    pub(crate) fn confirm(&self, position: Position) {
        self.confirmed.lock().add(position);
    }

    /// An own entry of the log is received: whether it was acknowledged before, and so applied.
    pub(crate) fn was_confirmed(&self, position: Position) -> bool {
        self.confirmed.lock().take(position)
    }

    /// Takes note of a fence's answer; see [`Partition::adopt`].
    pub(crate) fn adopt(&self, fenced: Fenced) -> bool {
        self.with(|partition, copies| partition.adopt(fenced, copies))
    }
}
