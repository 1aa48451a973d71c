//! The promises of the contract, and what breaking one looks like.

use std::fmt;

/// What users are promised.
#[derive(Copy, Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Promise {
    /// No stale fill.
    F1,
    /// Read your own writes.
    F2,
    /// Bounded staleness.
    F3,
    /// Nothing is missed silently.
    F4,
    /// Never in the way: when nothing befalls anybody any more, everything works again.
    F5,
    /// Read your writes anywhere.
    F6,
    /// What was removed while no server could be reached is sent, and the log caught up with,
    /// before L2 is read again. F1 to F4 hold without it; the design promises it all the same.
    Service,
}

impl Promise {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Promise::F1 => "F1 no stale fill",
            Promise::F2 => "F2 read your own writes",
            Promise::F3 => "F3 bounded staleness",
            Promise::F4 => "F4 nothing is missed silently",
            Promise::F5 => "F5 never in the way",
            Promise::F6 => "F6 read your writes anywhere",
            Promise::Service => "in service only when up to date",
        }
    }
}

/// A promise is broken.
#[derive(Clone, Debug)]
pub(crate) struct Violation {
    pub(crate) promise: Promise,
    pub(crate) what: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.promise.name(), self.what)
    }
}
