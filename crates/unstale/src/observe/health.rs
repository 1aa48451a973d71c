//! Whether an instance is well.

use std::time::Duration;

use serde::Serialize;

/// The state of one instance, for a health check.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Health {
    /// False when the instance has not proven itself for `AckTimeout`.
    pub healthy: bool,
    /// Whether L1 is in use: this instance is known to have applied every invalidation.
    pub proven: bool,
    /// How old the newest proof is; `None` when there is none in this epoch.
    pub proof_age: Option<Duration>,
    /// The position up to which the log has been applied, as `epoch-seq`.
    pub position: Option<String>,
    /// `closed` when L2 is in use, `open` or `half-open` when it is not; `none` without an L2.
    pub breaker: &'static str,
    /// Removals that are not acknowledged yet.
    pub pending: u64,
    /// Copies in L1.
    pub l1_entries: u64,
    /// Their total size, in the unit of `SizeLimit`.
    pub l1_size: u64,
    /// Bans that this instance remembers.
    pub bans: u64,
    /// What is wrong, as a sentence.
    pub reason: Option<String>,
}
