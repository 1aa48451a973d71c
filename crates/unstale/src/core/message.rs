//! What travels in the log.

use std::sync::Arc;
use std::time::Duration;

use super::ban::Scope;

/// One thing that stops being valid.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(crate) enum Change {
    /// The value of one key.
    Key(Arc<str>),
    /// Every value that a ban covers.
    Ban(Scope),
}

/// One entry of the log.
#[derive(Clone, PartialEq, Debug, Default)]
pub(crate) struct Message {
    /// The random id of the instance that sent it; zero for the fence.
    pub(crate) origin: u64,
    /// The sender's wall clock, microseconds since 1970: for reports only.
    pub(crate) sent_at: u64,
    pub(crate) changes: Vec<Change>,
    /// The namespace's longest TTL, where this entry raises it.
    pub(crate) longest_ttl: Option<Duration>,
}
