//! What this instance holds and knows of a partition: its copies, and the partition's state.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::{Mutex, MutexGuard};

use crate::clock;
use crate::core::{
    Appended, Change, Confirmed, Fenced, History, Partition, Position, Tick, Witness,
};
use crate::partitions::PartitionId;
use crate::tiers::{Changing, Memory};

/// The pure core and L1 behind one lock, and what a hit needs to know of them without it.
///
/// Whatever decides about a copy and changes it happens within one turn of the lock: a ticket is
/// checked and its value inserted, a removal is noted and its copy dropped.
pub(crate) struct Local {
    pub(crate) id: PartitionId,
    partition: Mutex<Partition>,
    confirmed: Mutex<Confirmed>,
    /// L1, which all partitions of the instance share: no other one has copies of this one's keys.
    pub(crate) memory: Arc<Memory>,
    holds_until: AtomicU64,
    bans_arrived: AtomicU64,
}

impl Local {
    pub(crate) fn new(id: PartitionId, partition: Partition, memory: Arc<Memory>) -> Self {
        let local = Self {
            id,
            partition: Mutex::new(partition),
            confirmed: Mutex::default(),
            memory,
            holds_until: AtomicU64::default(),
            bans_arrived: AtomicU64::default(),
        };
        local.with(|_, _| ());
        local
    }

    /// One turn: decides and acts, and tells the readers of L1 what changed for them. Then, with
    /// the lock released, drops what has left L1.
    pub(crate) fn with<R>(&self, turn: impl FnOnce(&mut Partition, &mut Changing<'_>) -> R) -> R {
        // Before the turn, so that it goes after it, also when that is cut short by a panic.
        let mut copies = Changing::of(&self.memory, self.id);
        let mut taken = Turn {
            local: self,
            partition: self.partition.lock(),
        };
        turn(&mut taken.partition, &mut copies)
    }

    /// Changes are asked for, and pending until they end.
    pub(crate) fn begin(&self, changes: &[Change], now: Tick) {
        self.with(|partition, copies| {
            for change in changes {
                partition.begin(change, now, copies);
            }
        });
    }

    /// Changes end without an acknowledgement, each as often as it was asked for.
    pub(crate) fn end<'a>(&self, changes: impl Iterator<Item = (&'a Change, u32)>, now: Tick) {
        self.with(|partition, _| {
            for (change, count) in changes {
                partition.end(change, count, now);
            }
        });
    }

    /// L1 may be served before this.
    #[inline]
    pub(crate) fn holds_until(&self) -> Tick {
        Tick::from_nanos(self.holds_until.load(Ordering::Acquire))
    }

    /// How many bans have arrived.
    #[inline]
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

    /// Changes that this instance sent were executed there, each as often as it was asked for. False, and
    /// they stay pending, when that does not count.
    pub(crate) fn acknowledge<'a>(
        &self,
        mut changes: impl Iterator<Item = (&'a Change, u32)>,
        appended: Appended,
    ) -> bool {
        let now = clock::now();
        let counts = self.with(|partition, copies| {
            partition.adopt(appended.fenced(), copies)
                && changes.all(|(change, count)| {
                    partition.acknowledge(change, count, appended, now, copies)
                })
        });
        if counts {
            let mut confirmed = self.confirmed.lock();
            confirmed.add(appended.position(), appended.id);
        }
        counts
    }

    /// An entry of the log is received: whether it is an own one that was acknowledged before, and so
    /// applied.
    pub(crate) fn was_confirmed(&self, position: Position, id: u64) -> bool {
        self.confirmed.lock().take(position, id)
    }

    /// Takes note of a fence's answer; see [`Partition::adopt`].
    pub(crate) fn adopt(&self, fenced: Fenced) -> bool {
        self.with(|partition, copies| partition.adopt(fenced, copies))
    }
}

/// The lock, taken for one turn. Readers of L1 are told when it ends, however it does.
struct Turn<'a> {
    local: &'a Local,
    partition: MutexGuard<'a, Partition>,
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        let Self { local, partition } = self;
        // The proof last: whoever sees it also sees the bans that it rests on.
        local
            .bans_arrived
            .store(partition.bans_arrived(), Ordering::Release);
        local
            .holds_until
            .store(partition.holds_until().as_nanos(), Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
    use std::time::Duration;

    use super::*;
    use crate::config::MemoryConfig;
    use crate::core::{Change, Limits, Scope};

    #[test]
    fn a_turn_that_is_cut_short_still_tells_what_it_changed() {
        let limits = Limits {
            max_staleness: Duration::from_secs(2),
            load_timeout: Duration::from_secs(10),
            lease_ttl: Duration::from_secs(5),
            max_bans: 10,
        };
        let partition = Partition::alone(limits, Duration::from_secs(60));
        let memory = Arc::new(Memory::new(&MemoryConfig::default()));
        let local = Local::new(PartitionId::ONLY, partition, memory);
        let before = local.bans_arrived();
        let turn = || {
            local.with(|partition, copies| {
                let everything = Change::Ban(Scope::All);
                partition.execute(&everything, clock::now(), copies);
                resume_unwind(Box::new("in the middle of a turn"))
            })
        };
        assert!(catch_unwind(AssertUnwindSafe(turn)).is_err());
        let told = local.bans_arrived();
        assert!(told > before);
        assert_eq!(told, local.with(|partition, _| partition.bans_arrived()));
    }
}
