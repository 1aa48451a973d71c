use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Counts what an instance asks its database.
#[derive(Debug, Default)]
pub(crate) struct QueryCount {
    reads: AtomicU64,
    writes: AtomicU64,
}

/// What an instance has asked its database so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Queries {
    /// Statements that only read.
    pub(crate) reads: u64,
    /// Transactions that write.
    pub(crate) writes: u64,
}

impl QueryCount {
    pub(crate) fn read(&self) {
        self.reads.fetch_add(1, Relaxed);
    }

    pub(crate) fn write(&self) {
        self.writes.fetch_add(1, Relaxed);
    }

    pub(crate) fn so_far(&self) -> Queries {
        Queries {
            reads: self.reads.load(Relaxed),
            writes: self.writes.load(Relaxed),
        }
    }
}
