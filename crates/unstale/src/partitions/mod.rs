//! The partitions of an instance: each key belongs to one, and each has a core, a link, a sender
//! and a reader of its own. They share L1, so that its limit holds for all of them together.

mod divide;
mod id;
mod slice;
mod tag;

pub(crate) use divide::divide;
pub(crate) use id::PartitionId;
pub(crate) use slice::{Common, Slice};
pub(crate) use tag::hash_tag;

use crate::error::Error;

/// All partitions of one instance.
pub(crate) struct Partitions {
    /// In place: most instances have no other, and their hits are to find it at once.
    first: Slice,
    others: Box<[Slice]>,
}

impl Partitions {
    /// Puts them together; nothing is connected yet.
    pub(crate) fn new(common: &Common<'_>) -> Result<Self, Error> {
        let redis = &common.config.redis;
        let count = match common.hub {
            None if redis.enabled => redis.effective_partitions(),
            _ => 1,
        };
        let slice = |id| Slice::new(id, common);
        Ok(Self {
            first: slice(PartitionId::first(count))?,
            others: PartitionId::all(count)
                .skip(1)
                .map(slice)
                .collect::<Result<_, _>>()?,
        })
    }

    /// The one that a key belongs to.
    #[inline]
    pub(crate) fn of(&self, key: &str) -> &Slice {
        match self.only() {
            Some(only) => only,
            None => self.among(key),
        }
    }

    /// The one there is, where keys are not divided.
    #[inline]
    pub(crate) fn only(&self) -> Option<&Slice> {
        self.others.is_empty().then_some(&self.first)
    }

    #[inline(never)]
    fn among(&self, key: &str) -> &Slice {
        self.at(PartitionId::of_key(key, self.count()))
    }

    /// The one that this names, of as many as there are.
    pub(crate) fn at(&self, id: PartitionId) -> &Slice {
        let other = id.index().checked_sub(1);
        other
            .and_then(|other| self.others.get(other))
            .unwrap_or(&self.first)
    }

    pub(crate) fn first(&self) -> &Slice {
        &self.first
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Slice> {
        std::iter::once(&self.first).chain(&self.others)
    }

    /// How many there are.
    pub(crate) fn count(&self) -> u32 {
        self.first.id.of()
    }
}
