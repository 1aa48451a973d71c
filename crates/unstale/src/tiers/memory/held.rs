//! One copy in L1: what decides whether a caller may have its value.

use std::hash::{Hash, Hasher};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use quick_cache::Equivalent;

use super::facts::Facts;
use super::name::{Name, Named};
use crate::core::{Position, Tick};
use crate::observe::SeriesId;
use crate::policy::Priority;
use crate::read::Source;
use crate::tiers::record::Traits;

/// A copy without its value.
///
/// It is what the cache beneath takes for the key, so that a look comes by it where it compares
/// keys, in memory that it reads anyway, and its value is all that has to be cloned.
///
/// What a hit reads is in one piece, at the end, so that it is in as few lines of memory as can be.
#[repr(C)]
pub(crate) struct Held {
    pub(crate) stamp: Position,
    facts: Facts,
    size: u16,
    /// Where hits of this key are counted.
    pub(crate) series: Option<SeriesId>,
    /// How many bans had arrived when this copy was last compared with them.
    checked: AtomicU64,
    /// The absolute expiration.
    lives_until: Tick,
    extras: Option<Arc<Extras>>,
    name: Name,
}

/// What few copies have.
struct Extras {
    tags: Box<[Arc<str>]>,
    sliding: Option<Arc<Sliding>>,
    /// What it weighs beyond what its size has room for.
    beyond_size: u64,
}

/// How reading a copy prolongs it.
pub(crate) struct Sliding {
    span: Duration,
    /// When the copy expires unless it is read, in nanoseconds of the monotonic clock.
    expires: AtomicU64,
    /// Never beyond this.
    lives_until: Tick,
    /// When L2 was last told to prolong its record.
    told_l2: AtomicU64,
}

impl Held {
    /// `lives_until` is the absolute expiration.
    pub(crate) fn new(
        key: &str,
        (stamp, source): (Position, Source),
        traits: &Traits,
        now: Tick,
        lives_until: Tick,
        checked: u64,
        series: Option<SeriesId>,
    ) -> Self {
        let (size, beyond_size) = split(traits.size.into());
        let sliding = traits.sliding.map(|span| {
            Arc::new(Sliding {
                span,
                expires: AtomicU64::new(lives_until.min(now + span).as_nanos()),
                lives_until,
                told_l2: AtomicU64::new(now.as_nanos()),
            })
        });
        let has_extras = sliding.is_some() || !traits.tags.is_empty() || beyond_size > 0;
        Self {
            name: Name::new(key),
            stamp,
            checked: AtomicU64::new(checked),
            lives_until,
            extras: has_extras.then(|| {
                Arc::new(Extras {
                    tags: traits.tags.clone(),
                    sliding,
                    beyond_size,
                })
            }),
            size,
            series,
            facts: Facts::new(traits.priority, source, now),
        }
    }

    /// Something that only takes up room.
    pub(super) fn ballast(key: &str, weight: u64) -> Self {
        let (size, beyond_size) = split(weight);
        Self {
            name: Name::new(key),
            stamp: Position::ORIGIN,
            checked: AtomicU64::default(),
            lives_until: Tick::default(),
            extras: Some(Arc::new(Extras {
                tags: Box::default(),
                sliding: None,
                beyond_size,
            })),
            size,
            series: None,
            facts: Facts::new(Priority::NeverRemove, Source::Load, Tick::default()),
        }
    }

    #[inline]
    pub(super) fn name(&self) -> &Name {
        &self.name
    }

    pub(crate) fn key(&self) -> &str {
        self.name.as_str()
    }

    pub(crate) fn tags(&self) -> &[Arc<str>] {
        self.extras.as_ref().map_or(&[], |extras| &extras.tags)
    }

    pub(super) fn facts(&self) -> Facts {
        self.facts
    }

    pub(super) fn priority(&self) -> Priority {
        self.facts.priority()
    }

    #[inline]
    pub(crate) fn checked(&self) -> u64 {
        self.checked.load(Ordering::Acquire)
    }

    pub(super) fn check(&self, arrived: u64) {
        self.checked.store(arrived, Ordering::Release);
    }

    /// Whether it is one of the few that have any.
    #[inline]
    pub(super) fn has_extras(&self) -> bool {
        self.extras.is_some()
    }

    #[inline]
    pub(super) fn sliding(&self) -> Option<&Arc<Sliding>> {
        self.extras.as_ref()?.sliding.as_ref()
    }

    /// The absolute expiration.
    #[inline]
    pub(super) fn lives_until(&self) -> Tick {
        self.lives_until
    }

    #[inline]
    pub(super) fn expires(&self) -> Tick {
        self.sliding()
            .map_or(self.lives_until, |sliding| sliding.expires())
    }

    /// Nothing weighs nothing: `quick_cache` never evicts what does.
    pub(super) fn weight(&self) -> u64 {
        let beyond = self.extras.as_ref().map_or(0, |extras| extras.beyond_size);
        u64::from(self.size.max(1)) + beyond
    }
}

/// How much of a weight has room in an entry, and how much is beyond that.
fn split(weight: u64) -> (u16, u64) {
    let size = u16::try_from(weight).unwrap_or(u16::MAX);
    (size, weight - u64::from(size))
}

/// A copy is found, and told from others, by its key alone.
impl Hash for Held {
    fn hash<H: Hasher>(&self, state: &mut H) {
        Named(&self.key()).hash(state);
    }
}

impl PartialEq for Held {
    fn eq(&self, other: &Self) -> bool {
        Named(&other.key()).equivalent(self)
    }
}

impl Eq for Held {}

impl Sliding {
    pub(crate) fn expires(&self) -> Tick {
        Tick::from_nanos(self.expires.load(Ordering::Relaxed))
    }

    /// The copy was read: it lives for another sliding span, but not beyond its absolute
    /// expiration. True when half a span has gone by since L2 was last told: its record would
    /// otherwise expire while copies of it are in use.
    pub(crate) fn slide(&self, now: Tick) -> bool {
        let expires = self.lives_until.min(now + self.span).as_nanos();
        self.expires.store(expires, Ordering::Relaxed);
        let told = Tick::from_nanos(self.told_l2.load(Ordering::Relaxed));
        let due = now.since(told) >= self.span / 2;
        if due {
            self.told_l2.store(now.as_nanos(), Ordering::Relaxed);
        }
        due
    }
}
