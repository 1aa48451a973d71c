//! One copy in L1.

use std::any::Any;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use crate::core::{Position, Tick};
use crate::observe::Series;
use crate::policy::Priority;
use crate::read::Source;
use crate::tiers::record::Traits;

/// A value as a caller gets it, with all that decides whether he may.
pub(crate) struct Held {
    value: Arc<dyn Any + Send + Sync>,
    pub(crate) stamp: Position,
    pub(crate) source: Source,
    /// Since when it has been held.
    pub(crate) since: Tick,
    pub(crate) tags: Box<[Arc<str>]>,
    /// How many bans had arrived when this copy was last compared with them.
    checked: AtomicU64,
    /// When it expires, in nanoseconds of the monotonic clock; sliding moves it.
    expires: AtomicU64,
    /// Sliding never moves it beyond this.
    lives_until: Tick,
    sliding: Option<Duration>,
    /// When L2 was last told to prolong its record.
    told_l2: AtomicU64,
    size: u64,
    pub(crate) priority: Priority,
    /// While it is being inserted nothing evicts it.
    entering: AtomicBool,
    /// Where hits of this key are counted.
    pub(crate) series: Option<Arc<Series>>,
}

impl Held {
    /// `lives_until` is the absolute expiration.
    pub(crate) fn new(
        value: Arc<dyn Any + Send + Sync>,
        (stamp, source): (Position, Source),
        traits: &Traits,
        now: Tick,
        lives_until: Tick,
        checked: u64,
        series: Option<Arc<Series>>,
    ) -> Self {
        let expires = traits
            .sliding
            .map_or(lives_until, |span| lives_until.min(now + span));
        Self {
            value,
            stamp,
            source,
            since: now,
            tags: traits.tags.clone(),
            checked: AtomicU64::new(checked),
            expires: AtomicU64::new(expires.as_nanos()),
            lives_until,
            sliding: traits.sliding,
            told_l2: AtomicU64::new(now.as_nanos()),
            size: u64::from(traits.size),
            priority: traits.priority,
            entering: AtomicBool::new(true),
            series,
        }
    }

    /// Something that only takes up room.
    pub(super) fn ballast(weight: u64) -> Self {
        Self {
            value: Arc::new(()),
            stamp: Position::ORIGIN,
            source: Source::Load,
            since: Tick::default(),
            tags: Box::default(),
            checked: AtomicU64::default(),
            expires: AtomicU64::default(),
            lives_until: Tick::default(),
            sliding: None,
            told_l2: AtomicU64::default(),
            size: weight,
            priority: Priority::NeverRemove,
            entering: AtomicBool::new(false),
            series: None,
        }
    }

    /// The value, unless it is held as another type than the one asked for.
    pub(crate) fn value<T: Any + Send + Sync>(&self) -> Option<Arc<T>> {
        self.value.clone().downcast().ok()
    }

    /// Whether it holds this very value.
    pub(crate) fn is<T>(&self, value: &Arc<T>) -> bool {
        std::ptr::addr_eq(Arc::as_ptr(&self.value), Arc::as_ptr(value))
    }

    pub(crate) fn checked(&self) -> u64 {
        self.checked.load(Ordering::Acquire)
    }

    pub(crate) fn check(&self, arrived: u64) {
        self.checked.store(arrived, Ordering::Release);
    }

    pub(crate) fn expires(&self) -> Tick {
        Tick::from_nanos(self.expires.load(Ordering::Relaxed))
    }

    /// Whether reading this copy prolongs it.
    pub(crate) fn slides(&self) -> bool {
        self.sliding.is_some()
    }

    /// It was read: it lives for another sliding span, but not beyond its absolute expiration.
    /// True when half a span has gone by since L2 was last told: its record would otherwise
    /// expire while copies of it are in use.
    pub(crate) fn slide(&self, now: Tick) -> bool {
        let Some(span) = self.sliding else {
            return false;
        };
        let expires = self.lives_until.min(now + span).as_nanos();
        self.expires.store(expires, Ordering::Relaxed);
        let told = Tick::from_nanos(self.told_l2.load(Ordering::Relaxed));
        let due = now.since(told) >= span / 2;
        if due {
            self.told_l2.store(now.as_nanos(), Ordering::Relaxed);
        }
        due
    }

    pub(super) fn is_entering(&self) -> bool {
        self.entering.load(Ordering::Relaxed)
    }

    pub(super) fn has_entered(&self) {
        self.entering.store(false, Ordering::Relaxed);
    }

    /// Nothing weighs nothing: `quick_cache` never evicts what does.
    pub(super) fn weight(&self) -> u64 {
        self.size.max(1)
    }
}
