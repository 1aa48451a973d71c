//! The database: versions, how long it takes to get at them, and how often somebody did.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use crate::delay::Delay;
use crate::registers::Registers;
use crate::subject::Row;

#[derive(Debug)]
pub(crate) struct Database {
    registers: Arc<Registers>,
    instances: usize,
    payload: String,
    read: Delay,
    write: Delay,
    queries: AtomicU64,
    /// Loads in progress, for each row and instance.
    loading: Box<[AtomicU32]>,
    most_loading: AtomicU32,
}

impl Database {
    pub(crate) fn new(
        registers: Arc<Registers>,
        rows: usize,
        instances: usize,
        value_bytes: usize,
        (read, write): (Delay, Delay),
    ) -> Self {
        Self {
            registers,
            instances,
            payload: "x".repeat(value_bytes),
            read,
            write,
            queries: AtomicU64::default(),
            loading: (0..rows * instances).map(|_| AtomicU32::new(0)).collect(),
            most_loading: AtomicU32::default(),
        }
    }

    /// Reads a row for an instance. As databases do, it answers with what was committed when the
    /// query began, some time later. The query counts if the read it is made for does.
    pub(crate) async fn load(&self, row: u32, instance: usize, counts: bool) -> Row {
        self.queries.fetch_add(u64::from(counts), Ordering::Relaxed);
        let _loading = Loading::begin(self, row as usize * self.instances + instance);
        let version = self.registers.committed(row);
        pass(&self.read).await;
        Row {
            version,
            payload: self.payload.clone(),
        }
    }

    /// Writes rows in one transaction, and returns them with their new versions.
    pub(crate) async fn write(&self, rows: Vec<u32>) -> Vec<(u32, u64)> {
        pass(&self.write).await;
        let rows = rows.into_iter();
        rows.map(|row| (row, self.registers.commit(row))).collect()
    }

    /// How often a row was read by what counts.
    pub(crate) fn queries(&self) -> u64 {
        self.queries.load(Ordering::Relaxed)
    }

    /// The most loads of one row that one instance ever had in progress at a time.
    pub(crate) fn most_loading(&self) -> u32 {
        self.most_loading.load(Ordering::Relaxed)
    }
}

async fn pass(delay: &Delay) {
    let span = delay.draw(&mut rand::rng());
    if !span.is_zero() {
        tokio::time::sleep(span).await;
    }
}

/// One load in progress, also when its reader gives up.
struct Loading<'a>(&'a AtomicU32);

impl<'a> Loading<'a> {
    fn begin(database: &'a Database, place: usize) -> Self {
        let loading = &database.loading[place];
        let now = loading.fetch_add(1, Ordering::Relaxed) + 1;
        database.most_loading.fetch_max(now, Ordering::Relaxed);
        Self(loading)
    }
}

impl Drop for Loading<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::registers::RemovedBy;

    fn database() -> Arc<Database> {
        let registers = Arc::new(Registers::new(2, 1, 1, Duration::ZERO, RemovedBy::Key));
        let delays = (
            Delay::fixed(Duration::from_millis(20)),
            Delay::fixed(Duration::from_millis(10)),
        );
        Arc::new(Database::new(registers, 2, 1, 8, delays))
    }

    #[tokio::test(start_paused = true)]
    async fn a_read_answers_with_what_was_there_when_it_began() {
        let database = database();
        let (read, written) = tokio::join!(database.load(0, 0, true), database.write(vec![0, 1]));
        assert_eq!((read.version, read.payload.len()), (1, 8));
        assert_eq!(written, [(0, 2), (1, 2)]);
        assert_eq!(database.load(0, 0, true).await.version, 2);
        assert_eq!(database.load(0, 0, false).await.version, 2);
        assert_eq!(database.queries(), 2);
    }

    #[tokio::test(start_paused = true)]
    async fn loads_in_progress_are_counted_for_each_row() {
        let database = database();
        tokio::join!(
            database.load(0, 0, true),
            database.load(0, 0, true),
            database.load(1, 0, true)
        );
        assert_eq!(database.most_loading(), 2);
        let given_up = tokio::time::timeout(Duration::from_millis(1), database.load(0, 0, true));
        assert!(given_up.await.is_err());
        tokio::join!(database.load(0, 0, true), database.load(0, 0, true));
        assert_eq!(database.most_loading(), 2);
    }
}
