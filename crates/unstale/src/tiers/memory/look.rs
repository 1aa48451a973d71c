//! Looks at single copies, taken where the cache beneath compares keys.

use std::any::Any;
use std::cell::Cell;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use quick_cache::Equivalent;

use super::held::{Held, Sliding};
use super::name;
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
pub(crate) struct Look<'a> {
    key: &'a &'a str,
    expires: Cell<Tick>,
    checked: Cell<u64>,
    series: Cell<Option<SeriesId>>,
    sliding: Cell<Option<Arc<Sliding>>>,
}

impl<'a> Look<'a> {
    #[inline]
    pub(crate) fn at(key: &'a &'a str) -> Self {
        Self {
            key,
            expires: Cell::default(),
            checked: Cell::default(),
            series: Cell::default(),
            sliding: Cell::default(),
        }
    }

    #[inline]
    pub(super) fn key(&self) -> &'a str {
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

impl Hash for Look<'_> {
    #[inline]
    fn hash<H: Hasher>(&self, state: &mut H) {
        name::hash(self.key(), state);
    }
}

impl Equivalent<Held> for Look<'_> {
    #[inline]
    fn equivalent(&self, held: &Held) -> bool {
        let is_it = held.name().is(self.key());
        if is_it {
            self.note(held);
        }
        is_it
    }
}

/// Finds the copy of a key, and passes it to a judge who may change what it was checked against.
pub(super) struct Judged<'a, J> {
    pub(super) look: &'a Look<'a>,
    pub(super) judge: J,
}

impl<J> Hash for Judged<'_, J> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.look.hash(state);
    }
}

impl<J: Fn(&Held)> Equivalent<Held> for Judged<'_, J> {
    fn equivalent(&self, held: &Held) -> bool {
        let is_it = held.name().is(self.look.key());
        if is_it {
            (self.judge)(held);
            self.look.note(held);
        }
        is_it
    }
}

/// Finds the copy of a key if it has expired.
pub(super) struct Expired<'a> {
    pub(super) key: &'a str,
    pub(super) now: Tick,
}

impl Hash for Expired<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        name::hash(self.key, state);
    }
}

impl Equivalent<Held> for Expired<'_> {
    fn equivalent(&self, held: &Held) -> bool {
        held.name().is(self.key) && held.expires() <= self.now
    }
}
