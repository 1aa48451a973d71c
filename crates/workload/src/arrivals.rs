//! What was asked for when, as it happened.

use std::time::Duration;

/// One operation, as the oracle gets it.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(crate) struct Arrival {
    /// When the read began, or the write was committed, since the start.
    pub(crate) at: Duration,
    pub(crate) key: u32,
    pub(crate) write: bool,
}
