//! Where a read was answered from.

use std::fmt;
use std::sync::Arc;

/// Where a read was answered from.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Source {
    /// This instance's own copy.
    L1,
    /// The copy that all instances share.
    L2,
    /// The source of truth: the loader of this read ran.
    Load,
    /// A read of another caller that was in progress and that this one joined: on this instance, or on
    /// another one whose load was refused by L2. Its value came from the loader or from L2.
    Flight,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::L1 => "L1",
            Self::L2 => "L2",
            Self::Load => "load",
            Self::Flight => "flight",
        })
    }
}

/// A value, and where it was read from.
#[derive(Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Sourced<T> {
    /// The value.
    pub value: Arc<T>,
    /// Where it was read from.
    pub source: Source,
}

impl<T> Sourced<T> {
    pub(super) fn new(value: Arc<T>, source: Source) -> Self {
        Self { value, source }
    }
}

// Not derived: the value is shared, so its type need not be `Clone`.
impl<T> Clone for Sourced<T> {
    fn clone(&self) -> Self {
        Self::new(self.value.clone(), self.source)
    }
}
