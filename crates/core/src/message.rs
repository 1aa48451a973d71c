//! What travels in the log.

use std::sync::Arc;
use std::time::Duration;

use super::ban::Scope;

/// One thing that stops being valid.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Change {
    /// The value of one key.
    Key(Arc<str>),
    /// Every value that a ban covers.
    Ban(Scope),
}

/// One entry of the log.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Message {
    /// The id of this entry, a random number drawn anew for each attempt to append it: no two
    /// entries have the same, whatever their positions.
    pub id: u64,
    /// The id of the entry before it, which the server knows.
    pub before: u64,
    /// The random id of the instance that sent it; zero for the fence.
    pub origin: u64,
    /// The sender's wall clock, microseconds since 1970: for reports only.
    pub sent_at: u64,
    /// What stops being valid, in the order it was asked for.
    pub changes: Vec<Change>,
    /// The namespace's longest TTL, where this entry raises it.
    pub longest_ttl: Option<Duration>,
}

impl Message {
    /// The keys among its changes.
    pub fn keys(&self) -> impl Iterator<Item = &Arc<str>> + Clone {
        self.changes.iter().filter_map(|change| match change {
            Change::Key(key) => Some(key),
            Change::Ban(_) => None,
        })
    }

    /// What the bans among them are about.
    pub fn bans(&self) -> impl Iterator<Item = &Scope> {
        self.changes.iter().filter_map(|change| match change {
            Change::Ban(scope) => Some(scope),
            Change::Key(_) => None,
        })
    }
}
