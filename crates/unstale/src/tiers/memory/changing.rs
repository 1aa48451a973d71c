//! L1 within one turn of a partition's lock.

use super::gone::Gone;
use super::{Held, Look, Memory, Named, Sought, Value};
use crate::core::{Copies, Validity};
use crate::partitions::PartitionId;

/// L1, to whoever has the lock that guards all changes to the copies of one partition's keys; those of
/// others may be evicted, which needs no lock. What leaves it is dropped with this, so it
/// outlives the turn.
pub(crate) struct Changing<'a> {
    memory: &'a Memory,
    partition: PartitionId,
    gone: Gone,
}

impl<'a> Changing<'a> {
    pub(crate) fn of(memory: &'a Memory, partition: PartitionId) -> Self {
        Self {
            memory,
            partition,
            gone: Gone::default(),
        }
    }

    /// Holds a copy, evicting others where there is no room. An entry larger than the limit is
    /// not held, and neither is one that only entries of `NeverRemove` leave no room for. Whoever
    /// inserts keeps the value until the turn is over: it may be gone again at once.
    pub(crate) fn insert(&mut self, held: Held, value: &Value) {
        self.memory.insert(held, value, &mut self.gone);
    }

    /// The value of the copy that this look finds, unless the judge finds it banned: then it is
    /// dropped. What is judged is what is dropped, because the turn lasts.
    pub(crate) fn recheck(
        &mut self,
        look: &Look<'_, impl Sought>,
        judge: impl Fn(&Held) -> Validity,
    ) -> Option<Value> {
        self.memory.recheck(look, judge, &mut self.gone)
    }
}

impl Copies for Changing<'_> {
    fn drop_key(&mut self, key: &str) {
        self.memory.forget(&Named(&key), &mut self.gone);
    }

    fn drop_all(&mut self) {
        if self.partition.is_only() {
            self.memory.forget_all(&mut self.gone);
        } else {
            self.memory.forget_those_of(self.partition, &mut self.gone);
        }
    }
}
