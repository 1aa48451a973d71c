//! What somebody sees of a copy who only watches.

use std::any::Any;
use std::sync::Arc;
use std::time::Duration;

use super::Value;
use super::facts::Facts;
use super::held::Held;
use crate::core::{Position, Tick};
use crate::read::Source;

/// A copy as somebody sees it who only watches: it holds on to nothing of L1.
pub(crate) struct Sight {
    value: Value,
    noted: Noted,
}

/// What is seen beside the value.
pub(super) struct Noted {
    stamp: Position,
    tags: Box<[Arc<str>]>,
    checked: u64,
    expires: Tick,
    facts: Facts,
}

impl Noted {
    pub(super) fn of(held: &Held) -> Self {
        Self {
            stamp: held.stamp,
            tags: held.tags().into(),
            checked: held.checked(),
            expires: held.expires(),
            facts: held.facts(),
        }
    }
}

impl Sight {
    pub(super) fn new(value: Value, noted: Noted) -> Self {
        Self { value, noted }
    }

    /// The value, unless it is held as another type than the one asked for.
    pub(crate) fn value<T: Any + Send + Sync>(&self) -> Option<Arc<T>> {
        self.value.clone().downcast().ok()
    }

    /// Whether it holds this very value.
    pub(crate) fn is<T>(&self, value: &Arc<T>) -> bool {
        std::ptr::addr_eq(Arc::as_ptr(&self.value), Arc::as_ptr(value))
    }

    pub(crate) fn stamp(&self) -> Position {
        self.noted.stamp
    }

    pub(crate) fn tags(&self) -> &[Arc<str>] {
        &self.noted.tags
    }

    pub(crate) fn checked(&self) -> u64 {
        self.noted.checked
    }

    pub(crate) fn expires(&self) -> Tick {
        self.noted.expires
    }

    pub(crate) fn source(&self) -> Source {
        self.noted.facts.source()
    }

    pub(crate) fn age(&self, now: Tick) -> Duration {
        self.noted.facts.age(now)
    }
}
