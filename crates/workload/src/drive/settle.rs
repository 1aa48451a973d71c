//! After the load: does anything stay stale?

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::field::Field;
use crate::subject::Subject;

/// Rows that are looked at: those most often asked for, among the ones that were written.
const ROWS: usize = 500;

/// Reads under way at a time.
const AT_ONCE: usize = 64;

/// What removals may take beyond the bound, on a machine that is busy.
const MARGIN: Duration = Duration::from_millis(200);

/// Waits until no copy may be behind any longer, and counts the values that are, over all
/// instances.
pub(super) async fn stale_at_rest<S: Subject>(field: &Arc<Field<S>>) -> u64 {
    tokio::time::sleep(field.registers.max_staleness() + MARGIN).await;
    let rows = 0..u32::try_from(field.keyspace.len()).unwrap_or(u32::MAX);
    let written = rows.filter(|row| field.registers.is_written(*row));
    let places = Arc::new(Semaphore::new(AT_ONCE));
    let mut reads = JoinSet::new();
    for row in written.take(ROWS) {
        for instance in 0..field.subjects.len() {
            let (field, places) = (field.clone(), places.clone());
            reads.spawn(async move {
                // The semaphore is never closed.
                let _place = places.acquire().await;
                let load = || field.database.load(row, instance, false);
                let name = field.keyspace.name(row);
                let read = field.subjects[instance].read(name, load).await;
                read.is_some_and(|read| read.version < field.registers.committed(row))
            });
        }
    }
    let stale = reads.join_all().await;
    stale.into_iter().filter(|stale| *stale).count() as u64
}
