//! Entries: a value and what is to happen to it.

use std::sync::Arc;
use std::time::Duration;

use crate::policy::{Policy, Priority};
use crate::tiers::record::Traits;

/// No value lives longer: ten years, as in the configuration.
const LONGEST_LIFE: Duration = Duration::from_secs(10 * 365 * 24 * 60 * 60);

/// What is to happen to one value. What is left out is decided by the policy of its key, then by
/// the configured defaults.
///
/// ```
/// use std::time::Duration;
/// use unstale::{EntryOptions, Priority};
///
/// let options = EntryOptions::new()
///     .absolute_expiration(Duration::from_secs(120))
///     .size(1)
///     .priority(Priority::Low)
///     .tag("prices");
/// # let _ = options;
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EntryOptions {
    absolute_expiration: Option<Duration>,
    sliding_expiration: Option<Duration>,
    size: Option<u32>,
    priority: Option<Priority>,
    tags: Vec<Arc<str>>,
}

impl EntryOptions {
    /// Leaves everything to the policies.
    pub fn new() -> Self {
        Self::default()
    }

    /// How long the value lives, at most ten years. Zero means that it is not stored at all.
    #[must_use]
    pub fn absolute_expiration(mut self, span: Duration) -> Self {
        self.absolute_expiration = Some(span);
        self
    }

    /// How long the value lives after it was last read; its absolute expiration still holds.
    #[must_use]
    pub fn sliding_expiration(mut self, span: Duration) -> Self {
        self.sliding_expiration = Some(span);
        self
    }

    /// What the value counts against L1's size limit, in the unit that the limit is meant in; at
    /// least 1.
    #[must_use]
    pub fn size(mut self, size: u32) -> Self {
        self.size = Some(size);
        self
    }

    /// How hard L1 holds on to the value when it has to make room.
    #[must_use]
    pub fn priority(mut self, priority: Priority) -> Self {
        self.priority = Some(priority);
        self
    }

    /// Adds a tag, for [`remove_tag`](crate::Cache::remove_tag).
    #[must_use]
    pub fn tag(mut self, tag: impl Into<Arc<str>>) -> Self {
        self.tags.push(tag.into());
        self
    }

    /// What applies, given the policies that may decide what these options leave open: the first
    /// that says something wins.
    pub(crate) fn resolve<'a>(
        &self,
        policies: impl Iterator<Item = &'a Policy> + Clone,
        defaults: &Defaults,
    ) -> Traits {
        fn first<T>(explicit: Option<T>, policies: impl Iterator<Item = Option<T>>) -> Option<T> {
            explicit.into_iter().chain(policies.flatten()).next()
        }
        let of = || policies.clone();
        let ttl = first(
            self.absolute_expiration,
            of().map(|p| p.absolute_expiration),
        )
        .unwrap_or(defaults.absolute_expiration)
        .min(LONGEST_LIFE);
        let sliding = first(self.sliding_expiration, of().map(|p| p.sliding_expiration))
            .or(defaults.sliding_expiration)
            .filter(|span| *span < ttl);
        Traits {
            ttl,
            sliding,
            size: first(self.size, of().map(|p| p.size)).unwrap_or(1),
            priority: first(self.priority, of().map(|p| p.priority)).unwrap_or_default(),
            tags: self.tags.iter().cloned().collect(),
        }
    }
}

/// The configured expirations.
#[derive(Copy, Clone, Debug)]
pub(crate) struct Defaults {
    pub(crate) absolute_expiration: Duration,
    pub(crate) sliding_expiration: Option<Duration>,
}

/// A loaded value together with its options, for loaders whose options depend on what they find.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Entry<T> {
    pub(crate) value: T,
    pub(crate) options: EntryOptions,
}

impl<T> Entry<T> {
    /// A value without options of its own.
    pub fn new(value: T) -> Self {
        Self {
            value,
            options: EntryOptions::new(),
        }
    }

    /// Replaces all options.
    #[must_use]
    pub fn options(mut self, options: EntryOptions) -> Self {
        self.options = options;
        self
    }

    /// See [`EntryOptions::absolute_expiration`].
    #[must_use]
    pub fn absolute_expiration(mut self, span: Duration) -> Self {
        self.options = self.options.absolute_expiration(span);
        self
    }

    /// See [`EntryOptions::sliding_expiration`].
    #[must_use]
    pub fn sliding_expiration(mut self, span: Duration) -> Self {
        self.options = self.options.sliding_expiration(span);
        self
    }

    /// See [`EntryOptions::size`].
    #[must_use]
    pub fn size(mut self, size: u32) -> Self {
        self.options = self.options.size(size);
        self
    }

    /// See [`EntryOptions::priority`].
    #[must_use]
    pub fn priority(mut self, priority: Priority) -> Self {
        self.options = self.options.priority(priority);
        self
    }

    /// See [`EntryOptions::tag`].
    #[must_use]
    pub fn tag(mut self, tag: impl Into<Arc<str>>) -> Self {
        self.options = self.options.tag(tag);
        self
    }
}

impl<T> From<T> for Entry<T> {
    fn from(value: T) -> Self {
        Self::new(value)
    }
}
