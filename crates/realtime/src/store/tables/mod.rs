//! The repositories, in SQL that every database understands alike.

mod activities;
mod columns;
mod documents;
mod inventory;
mod products;
mod stock_prices;

use async_trait::async_trait;
use sqlx::{Database, IntoArguments, Pool, Transaction};

use super::{Connections, Queries, QueryCount, Stored};

/// What a database has a way of its own for.
pub(crate) trait Dialect: Database<Arguments: IntoArguments<Self>> {
    /// Begins a transaction that writes. Of two that change the same rows, the one that comes
    /// second waits, and then sees what the first one has committed.
    ///
    /// Where rows are locked and not the whole database, those who write have to keep it so: a row
    /// that a write depends on is read by a statement that also changes it, and several rows are
    /// changed in the order of their keys, so that no two transactions wait for each other.
    const BEGIN: &'static str;
}

/// One instance's connections to a database.
pub(crate) struct Tables<DB: Database> {
    /// They cannot write.
    readers: Pool<DB>,
    writers: Pool<DB>,
    count: QueryCount,
}

impl<DB: Dialect> Tables<DB> {
    pub(super) fn new(readers: Pool<DB>, writers: Pool<DB>) -> Self {
        Self {
            readers,
            writers,
            count: QueryCount::default(),
        }
    }

    /// The connections for one statement that only reads.
    fn read(&self) -> &Pool<DB> {
        self.count.read();
        &self.readers
    }

    async fn write(&self) -> Stored<Transaction<'static, DB>> {
        self.count.write();
        Ok(self.writers.begin_with(DB::BEGIN).await?)
    }
}

#[async_trait]
impl<DB: Dialect> Connections for Tables<DB> {
    fn queries(&self) -> Queries {
        self.count.so_far()
    }

    async fn close(&self) {
        self.readers.close().await;
        self.writers.close().await;
    }
}

/// The places of a list in the order of their keys, in which its rows are changed.
fn in_order_of<'l, T, K: Ord>(list: &'l [T], key: impl Fn(&'l T) -> K) -> Vec<usize> {
    let mut places: Vec<usize> = (0..list.len()).collect();
    // Rows that occur twice stay in their order.
    places.sort_by_key(|&place| key(&list[place]));
    places
}
