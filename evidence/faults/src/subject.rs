//! What is under test, as the workload uses it.

mod aside;
mod unstale;

use std::fmt;

use ::unstale::Token;
use history::{Invalidation, Source};
use serde::{Deserialize, Serialize};

pub(crate) use self::aside::Aside;
pub(crate) use self::unstale::Unstale;
use crate::{
    keyspace::{Group, Key},
    workload::Loader,
};

/// A row as caches hold it: it knows its key, so that a value under another key is noticed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Row {
    pub(crate) key: Key,
    pub(crate) version: u64,
    /// Whatever else a row consists of.
    pub(crate) text: String,
}

/// What a read brought.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) key: Key,
    pub(crate) version: u64,
    pub(crate) source: Source,
}

/// What became of a removal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Removed {
    /// It was acknowledged, perhaps with a token.
    Applied(Option<Token>),
    /// It was not.
    Pending,
}

/// What is removed at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Removal {
    Keys(Vec<Key>),
    Group(Group),
}

/// A cache in front of the database. A read that brings nothing, because its loader failed or
/// because nothing is cached, is `None`.
pub(crate) trait Subject: Clone + Send + Sync + 'static {
    /// The cached row or the loaded one, of this write or a newer one.
    fn read(
        &self,
        key: Key,
        after: Option<&Token>,
        loader: &Loader,
    ) -> impl Future<Output = Option<Seen>> + Send;

    /// The cached row, or what was loaded by hand after the miss.
    fn look_up(&self, key: Key, loader: &Loader) -> impl Future<Output = Option<Seen>> + Send;

    /// The cached row.
    fn get(&self, key: Key) -> impl Future<Output = Option<Seen>> + Send;

    /// The cached ones of these rows, in their order.
    fn get_many(&self, keys: &[Key]) -> impl Future<Output = Vec<Option<Seen>>> + Send;

    fn remove(&self, removal: &Removal) -> impl Future<Output = Removed> + Send;
}

/// Makes a record longer than what is cut at its head.
const TEXT: &str = "All work and no play makes Jack a dull boy. All work and no play makes Jack a dull boy. \
                    All work and no play makes Jack a dull boy.";

impl Row {
    pub(crate) fn new(key: Key, version: u64) -> Self {
        Self {
            key,
            version,
            text: TEXT.into(),
        }
    }

    pub(crate) fn seen(&self, source: Source) -> Seen {
        Seen {
            key: self.key,
            version: self.version,
            source,
        }
    }
}

impl Removal {
    pub(crate) fn keys(&self) -> Vec<Key> {
        match self {
            Removal::Keys(keys) => keys.clone(),
            Removal::Group(group) => group.keys(),
        }
    }

    pub(crate) fn invalidation(&self) -> Invalidation {
        match self {
            Removal::Keys(_) => Invalidation::Removal,
            Removal::Group(_) => Invalidation::Ban,
        }
    }
}

/// A loader that could not load.
#[derive(Debug)]
pub(crate) struct LoadFailed;

impl fmt::Display for LoadFailed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the loader failed on purpose")
    }
}
