//! What happened: writes and reads of version registers.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::Moment;

/// One thing that happened, reported when it was over.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Event {
    /// A register was written, and its cached value removed.
    Write(Write),
    /// A register was read through the cache.
    Read(Read),
}

impl Event {
    /// When it began.
    pub const fn began(&self) -> Moment {
        match self {
            Self::Write(write) => write.began,
            Self::Read(read) => read.began,
        }
    }
}

/// The source of truth was written, and then the cached value was invalidated.
///
/// It is reported when the invalidation has *returned*, whatever it said. One that never returned,
/// because its process was killed, is not reported: it has promised nothing to anybody. One whose
/// future was dropped after it had begun has returned then, unacknowledged.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Write {
    /// Which register.
    pub key: u32,
    /// What was written. A register's versions grow in the order of its commits, from 1.
    pub version: u64,
    /// Which instance of the cache removed the value. An instance that is restarted is another.
    pub instance: u32,
    /// Before the source of truth was written.
    pub began: Moment,
    /// After the invalidation returned.
    pub ended: Moment,
    /// Whether the invalidation was acknowledged, and so binds other instances.
    pub acknowledged: bool,
    /// How the value was invalidated.
    pub invalidation: Invalidation,
}

/// How a value was invalidated.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Invalidation {
    /// By its key. Its record in the shared tier is deleted.
    Removal,
    /// By pattern, by tag, or together with everything. Its record in the shared tier stays, and
    /// every instance has to know that it is void.
    Ban,
}

impl fmt::Display for Invalidation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Removal => "removal",
            Self::Ban => "ban",
        })
    }
}

/// A register was read through the cache.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Read {
    /// Which register.
    pub key: u32,
    /// What was read; 0 for nothing.
    pub version: u64,
    /// Which instance of the cache was asked.
    pub instance: u32,
    /// What answered.
    pub source: Source,
    /// Before the cache was asked.
    pub began: Moment,
    /// After it answered.
    pub ended: Moment,
    /// The version that the read's token stands for; 0 without one.
    pub at_least: u64,
}

/// What answered a read.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Source {
    /// The instance's own copy.
    L1,
    /// The tier that all instances share.
    L2,
    /// The loader of this read, from the source of truth.
    Load,
    /// Another caller's read in progress on the same instance.
    Flight,
}

impl Source {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::L1, Self::L2, Self::Load, Self::Flight];
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
