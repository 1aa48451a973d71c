//! Looks at single copies, taken where the cache beneath compares keys.

use std::any::Any;
use std::cell::Cell;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use quick_cache::Equivalent;

use super::held::{Held, Sliding};
use super::name::Sought;
use crate::core::Tick;
use crate::observe::SeriesId;

/// A value as it is held, of whatever type.
pub(crate) type Value = Arc<dyn Any + Send + Sync>;

/// Finds the copy of a key, and notes what decides whether a caller may have its value: both are of
/// the same copy, because they are taken in one turn of the lock of its shard.
///
/// It stays where it was made, and is filled in there, and it takes the key from where that was
/// made: a processor that copies what it has just written waits for longer than the copy is looked
/// for.
pub(crate) struct Look<'a, K> {
    key: &'a K,
    expires: Cell<Tick>,
    checked: Cell<u64>,
    series: Cell<Option<SeriesId>>,
    sliding: Cell<Option<Arc<Sliding>>>,
}

impl<'a, K> Look<'a, K> {
    #[inline]
    pub(crate) fn at(key: &'a K) -> Self {
        Self {
            key,
            expires: Cell::default(),
            checked: Cell::default(),
            series: Cell::default(),
            sliding: Cell::default(),
        }
    }

    /// The key that is looked for.
    #[inline]
    pub(crate) fn key(&self) -> &'a K {
        self.key
    }

    /// How many bans had arrived when the copy was last compared with them.
    #[inline]
    pub(crate) fn checked(&self) -> u64 {
        self.checked.get()
    }

    /// Where the hit is counted.
    #[inline]
    pub(crate) fn series(&self) -> Option<SeriesId> {
        self.series.get()
    }

    /// When the copy expires.
    #[inline]
    pub(crate) fn expires(&self) -> Tick {
        self.expires.get()
    }

    /// How reading prolongs the copy.
    #[inline]
    pub(crate) fn into_sliding(self) -> Option<Arc<Sliding>> {
        self.sliding.into_inner()
    }

    #[inline]
    fn note(&self, held: &Held) {
        self.expires.set(held.lives_until());
        self.checked.set(held.checked());
        self.series.set(held.series);
        if held.has_extras() {
            self.note_sliding(held);
        }
    }

    /// Apart, because few copies slide.
    #[inline(never)]
    fn note_sliding(&self, held: &Held) {
        if let Some(sliding) = held.sliding() {
            self.expires.set(sliding.expires());
            self.sliding.set(Some(sliding.clone()));
        }
    }
}

impl<K: Sought> Hash for Look<'_, K> {
    #[inline]
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.key.hash(state);
    }
}

impl<K: Sought> Equivalent<Held> for Look<'_, K> {
    #[inline]
    fn equivalent(&self, held: &Held) -> bool {
        let is_it = self.key.equivalent(held);
        if is_it {
            self.note(held);
        }
        is_it
    }
}

/// Finds the copy of a key, and passes it to a judge who may change what it was checked against.
pub(super) struct Judged<'a, K, J> {
    pub(super) look: &'a Look<'a, K>,
    pub(super) judge: J,
}

impl<K: Sought, J> Hash for Judged<'_, K, J> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.look.hash(state);
    }
}

impl<K: Sought, J: Fn(&Held)> Equivalent<Held> for Judged<'_, K, J> {
    fn equivalent(&self, held: &Held) -> bool {
        let is_it = self.look.key.equivalent(held);
        if is_it {
            (self.judge)(held);
            self.look.note(held);
        }
        is_it
    }
}

/// Finds the copy of a key if it has expired.
pub(super) struct Expired<'a, K> {
    pub(super) key: &'a K,
    pub(super) now: Tick,
}

impl<K: Sought> Hash for Expired<'_, K> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.key.hash(state);
    }
}

impl<K: Sought> Equivalent<Held> for Expired<'_, K> {
    fn equivalent(&self, held: &Held) -> bool {
        self.key.equivalent(held) && held.expires() <= self.now
    }
}
