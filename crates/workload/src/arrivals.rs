//! What was asked for when, as it happened.

use std::time::Duration;

/// One operation that was begun.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(crate) struct Arrival {
    /// When, since the start.
    pub(crate) at: Duration,
    pub(crate) key: u32,
    pub(crate) write: bool,
}
