//! L1: the copies that this instance holds in its own memory.
//!
//! `quick_cache` keeps and evicts them; this module adds what it does not know: lifetimes,
//! priorities and compaction. Eviction goes in rounds, the lowest priority first: while a round
//! runs, everything above its priority is pinned. Whatever leaves L1 is handed out, so that it is
//! dropped when no lock is held any longer.

mod changing;
mod facts;
mod gone;
mod held;
mod look;
mod name;
mod rank;
mod sight;
#[cfg(test)]
mod tests;

use std::cell::{Cell, RefCell};
use std::sync::Arc;

use foldhash::fast::RandomState;
use parking_lot::Mutex;
use quick_cache::sync::Cache;
use quick_cache::{OptionsBuilder, Weighter};

pub(crate) use self::changing::Changing;
use self::gone::Gone;
pub(crate) use self::gone::let_go;
pub(crate) use self::held::{Held, Sliding};
use self::look::{Expired, Judged};
pub(crate) use self::look::{Look, Value};
pub(crate) use self::name::{InBrief, Named, Sought};
use self::rank::{Ranks, Round};
use self::sight::Noted;
pub(crate) use self::sight::Sight;
use crate::config::MemoryConfig;
use crate::core::{Tick, Validity};
use crate::partitions::PartitionId;

/// A shard holds at least this much, so that the limit of a small cache is not cut into pieces
/// that no larger entry fits into.
const SHARD_SIZE: u64 = 1024;

#[derive(Clone)]
struct BySize;

impl Weighter<Held, Value> for BySize {
    fn weight(&self, held: &Held, _value: &Value) -> u64 {
        held.weight()
    }
}

type Copied = Cache<Held, Value, BySize, RandomState, Ranks>;

/// The copies of one instance; none when L1 is disabled.
pub(crate) struct Memory {
    copies: Copied,
    ranks: Ranks,
    limit: u64,
    compacted: u64,
    /// One key in each shard: see [`Memory::compact`].
    ballast: Box<[Box<str>]>,
    /// Eviction rounds must not overlap.
    making_room: Mutex<()>,
}

impl Memory {
    pub(crate) fn new(config: &MemoryConfig) -> Self {
        let limit = if config.enabled { config.size_limit } else { 0 };
        let shards = match limit / SHARD_SIZE {
            0 | 1 => 1,
            most => (most as usize).min(4 * cores()),
        };
        let ranks = Ranks::default();
        let items = usize::try_from(limit).unwrap_or(usize::MAX).min(1_000_000);
        let options = OptionsBuilder::new()
            .shards(shards)
            .estimated_items_capacity(items)
            .weight_capacity(limit.max(1))
            .build();
        let copies = match options {
            Ok(options) => {
                Cache::with_options(options, BySize, RandomState::default(), ranks.clone())
            }
            // Every option that can be missing is set above.
            Err(_) => Cache::with(
                items,
                limit.max(1),
                BySize,
                RandomState::default(),
                ranks.clone(),
            ),
        };
        let ballast = ballast_keys(&copies);
        let kept = 1.0 - config.compaction_percentage;
        Self {
            copies,
            ranks,
            limit,
            compacted: (limit as f64 * kept) as u64,
            ballast,
            making_room: Mutex::new(()),
        }
    }

    /// The value of the copy that this look finds.
    #[inline]
    pub(crate) fn get(&self, look: &Look<'_, impl Sought>) -> Option<Value> {
        self.copies.get(look)
    }

    /// The same, unless the judge finds the copy banned: then it is dropped.
    fn recheck(
        &self,
        look: &Look<'_, impl Sought>,
        judge: impl Fn(&Held) -> Validity,
        gone: &mut Gone,
    ) -> Option<Value> {
        let is_banned = Cell::new(false);
        let judge = |held: &Held| match judge(held) {
            Validity::Valid { checked } => held.check(checked),
            Validity::Banned => is_banned.set(true),
        };
        let value = self.copies.get(&Judged { look, judge })?;
        if is_banned.get() {
            self.forget(look.key(), gone);
            gone.push(value);
            return None;
        }
        Some(value)
    }

    /// The copy of a key, for somebody who only watches: it is not the less likely to be evicted.
    pub(crate) fn peek(&self, key: &str) -> Option<Sight> {
        let noted = Cell::new(None);
        let key = Named(&key);
        let look = Look::at(&key);
        let judge = |held: &Held| noted.set(Some(Noted::of(held)));
        let value = self.copies.peek(&Judged { look: &look, judge })?;
        Some(Sight::new(value, noted.into_inner()?))
    }

    fn insert(&self, held: Held, value: &Value, gone: &mut Gone) {
        let _room = self.making_room.lock();
        self.forget(&Named(&held.key()), gone);
        let (weight, priority) = (held.weight(), held.priority());
        if self.ranks.pinned_weight() + weight > self.limit {
            return;
        }
        if self.copies.weight() + weight > self.limit {
            self.compact(self.compacted.min(self.limit - weight), gone);
        }
        if self.copies.weight() + weight > self.limit {
            return;
        }
        self.ranks.entered(&held);
        self.ranks.start(Round(self.ranks.lowest().min(priority)));
        // Its shard may have no room of this size: then it takes what the others leave free.
        self.ranks.enters(Some(value));
        self.copies.insert_with_lifecycle(held, value.clone(), gone);
        self.ranks.enters(None);
    }

    /// Drops the copy of a key if it has expired.
    pub(crate) fn drop_if_expired(&self, key: &impl Sought, now: Tick) {
        let expired = Expired { key, now };
        if let Some((held, value)) = self.copies.remove_if(&expired, |_| true) {
            self.ranks.left(&held);
            let_go(value);
        }
    }

    /// Drops what has expired.
    pub(crate) fn drop_expired(&self) {
        self.expire(&mut Gone::default());
    }

    fn expire(&self, gone: &mut Gone) {
        let now = crate::clock::now();
        self.forget_where(|held| held.expires() <= now, gone);
    }

    /// Drops the copies of one partition's keys.
    fn forget_those_of(&self, partition: PartitionId, gone: &mut Gone) {
        self.forget_where(|held| partition.holds(held.key()), gone);
    }

    fn forget_where(&self, is_to_go: impl Fn(&Held) -> bool, gone: &mut Gone) {
        let gone = RefCell::new(gone);
        self.copies.retain(|held, value| {
            let keep = !is_to_go(held);
            if !keep {
                self.ranks.left(held);
                // What is not retained is dropped under the lock of its shard.
                gone.borrow_mut().push(value.clone());
            }
            keep
        });
    }

    /// The copies held, and their total size.
    pub(crate) fn usage(&self) -> (usize, u64) {
        (self.copies.len(), self.copies.weight())
    }

    fn forget(&self, key: &impl Sought, gone: &mut Gone) {
        if let Some((held, value)) = self.copies.remove(key) {
            self.ranks.left(&held);
            gone.push(value);
        }
    }

    fn forget_all(&self, gone: &mut Gone) {
        for (held, value) in self.copies.drain() {
            self.ranks.left(&held);
            gone.push(value);
        }
    }

    /// Frees room until at most `target` is used: what has expired first, then by priority.
    ///
    /// Each round inserts ballast of the size to be freed, which makes `quick_cache` evict by its
    /// own policy, and takes the ballast out again. (Shrinking its capacity and growing it back
    /// would do the same, but rounds its inner proportions down every time.)
    fn compact(&self, target: u64, gone: &mut Gone) {
        self.expire(gone);
        let nothing: Value = Arc::new(());
        for round in Round::ALL {
            let used = self.copies.weight();
            if used <= target || self.limit == target {
                break;
            }
            self.ranks.start(round);
            let share = (self.limit - target).div_ceil(self.ballast.len() as u64);
            for key in &self.ballast {
                let ballast = Held::ballast(key, share);
                self.copies
                    .insert_with_lifecycle(ballast, nothing.clone(), gone);
            }
            for key in &self.ballast {
                self.copies.remove(&Named(&&**key));
            }
        }
    }
}

impl Drop for Memory {
    fn drop(&mut self) {
        self.forget_all(&mut Gone::default());
    }
}

/// The system is asked for it, which takes longer than everything else here.
fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// Keys that no user can ask for (they start with a NUL), one in each shard.
fn ballast_keys(copies: &Copied) -> Box<[Box<str>]> {
    let mut keys: Vec<Option<Box<str>>> = vec![None; copies.num_shards()];
    for candidate in (0_u32..).map(|number| format!("\0ballast:{number}")) {
        if let Some(slot) = keys.get_mut(copies.shard_index(&Named(&candidate.as_str()))) {
            slot.get_or_insert(candidate.into());
        }
        if keys.iter().all(Option::is_some) {
            break;
        }
    }
    keys.into_iter().flatten().collect()
}
