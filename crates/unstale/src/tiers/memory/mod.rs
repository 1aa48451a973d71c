//! L1: the copies that this instance holds in its own memory.
//!
//! `quick_cache` keeps and evicts them; this module adds what it does not know: lifetimes,
//! priorities and compaction. Eviction goes in rounds, the lowest priority first: while a round
//! runs, everything above its priority is pinned.

mod held;
mod rank;

use std::sync::Arc;

use parking_lot::Mutex;
use quick_cache::sync::Cache;
use quick_cache::{DefaultHashBuilder, OptionsBuilder, Weighter};

pub(crate) use self::held::Held;
use self::rank::{Ranks, Round};
use crate::config::MemoryConfig;
use crate::core::Copies;

/// A shard holds at least this much, so that the limit of a small cache is not cut into pieces
/// that no larger entry fits into.
const SHARD_SIZE: u64 = 1024;

#[derive(Clone)]
struct BySize;

impl Weighter<Arc<str>, Arc<Held>> for BySize {
    fn weight(&self, _key: &Arc<str>, held: &Arc<Held>) -> u64 {
        held.weight()
    }
}

/// The copies of one instance; none when L1 is disabled.
pub(crate) struct Memory {
    copies: Cache<Arc<str>, Arc<Held>, BySize, DefaultHashBuilder, Ranks>,
    ranks: Ranks,
    limit: u64,
    compacted: u64,
    /// One key in each shard: see [`Memory::compact`].
    ballast: Box<[Arc<str>]>,
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
            Ok(options) => Cache::with_options(
                options,
                BySize,
                DefaultHashBuilder::default(),
                ranks.clone(),
            ),
            // Every option that can be missing is set above.
            Err(_) => Cache::with(
                items,
                limit.max(1),
                BySize,
                DefaultHashBuilder::default(),
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

    pub(crate) fn get(&self, key: &str) -> Option<Arc<Held>> {
        self.copies.get(key)
    }

    /// The same, for somebody who only watches: the copy is not the less likely to be evicted.
    pub(crate) fn peek(&self, key: &str) -> Option<Arc<Held>> {
        self.copies.peek(key)
    }

    /// Holds a copy, evicting others where there is no room. An entry larger than the limit is
    /// not held, and neither is one that only entries of `NeverRemove` leave no room
    /// for.
    pub(crate) fn insert(&self, key: Arc<str>, held: Held) {
        let _room = self.making_room.lock();
        self.forget(&key);
        let (weight, priority) = (held.weight(), held.priority);
        if self.ranks.pinned_weight() + weight > self.limit {
            return;
        }
        if self.copies.weight() + weight > self.limit {
            self.compact(self.compacted.min(self.limit - weight));
        }
        if self.copies.weight() + weight > self.limit {
            return;
        }
        self.ranks.entered(&held);
        self.ranks.start(Round(self.ranks.lowest().min(priority)));
        // Its shard may have no room of this size: then it takes what the others leave free.
        let held = Arc::new(held);
        self.copies.insert(key, held.clone());
        held.has_entered();
    }

    /// Drops one copy, if it is still the one that was found to be of no use.
    pub(crate) fn drop_if(&self, key: &str, found: &Arc<Held>) {
        if let Some((_, held)) = self.copies.remove_if(key, |held| Arc::ptr_eq(held, found)) {
            self.ranks.left(&held);
        }
    }

    /// Drops what has expired.
    pub(crate) fn drop_expired(&self) {
        let now = crate::clock::now();
        self.copies.retain(|_, held| {
            let keep = now < held.expires();
            if !keep {
                self.ranks.left(held);
            }
            keep
        });
    }

    /// The copies held, and their total size.
    pub(crate) fn usage(&self) -> (usize, u64) {
        (self.copies.len(), self.copies.weight())
    }

    fn forget(&self, key: &str) {
        if let Some((_, held)) = self.copies.remove(key) {
            self.ranks.left(&held);
        }
    }

    /// Frees room until at most `target` is used: what has expired first, then by priority.
    ///
    /// Each round inserts ballast of the size to be freed, which makes `quick_cache` evict by its
    /// own policy, and takes the ballast out again. (Shrinking its capacity and growing it back
    /// would do the same, but rounds its inner proportions down every time.)
    fn compact(&self, target: u64) {
        self.drop_expired();
        for round in Round::ALL {
            let used = self.copies.weight();
            if used <= target || self.limit == target {
                break;
            }
            self.ranks.start(round);
            let share = (self.limit - target).div_ceil(self.ballast.len() as u64);
            for key in &self.ballast {
                self.copies
                    .insert(key.clone(), Arc::new(Held::ballast(share)));
            }
            for key in &self.ballast {
                self.copies.remove(&**key);
            }
        }
    }
}

impl Copies for &Memory {
    fn drop_key(&mut self, key: &str) {
        self.forget(key);
    }

    fn drop_all(&mut self) {
        for (_, held) in self.copies.drain() {
            self.ranks.left(&held);
        }
    }
}

/// The system is asked for it, which takes longer than everything else here.
fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// Keys that no user can ask for (they start with a NUL), one in each shard.
fn ballast_keys(
    copies: &Cache<Arc<str>, Arc<Held>, BySize, DefaultHashBuilder, Ranks>,
) -> Box<[Arc<str>]> {
    let mut keys: Vec<Option<Arc<str>>> = vec![None; copies.num_shards()];
    let candidates = (0_u32..).map(|number| Arc::from(format!("\0ballast:{number}")));
    for candidate in candidates {
        let candidate: Arc<str> = candidate;
        if let Some(slot) = keys.get_mut(copies.shard_index(&*candidate)) {
            slot.get_or_insert(candidate);
        }
        if keys.iter().all(Option::is_some) {
            break;
        }
    }
    keys.into_iter().flatten().collect()
}
