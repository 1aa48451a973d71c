//! SQLite: one file in write-ahead mode, shared by all instances on the machine.

use std::{path::Path, time::Duration};

use sqlx::{
    Sqlite, SqlitePool,
    migrate::{MigrateError, Migrator},
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};

use super::{
    LONGEST_WAIT, READERS, Repository,
    tables::{Dialect, Tables},
};

static MIGRATIONS: Migrator = sqlx::migrate!("migrations/sqlite");

impl Dialect for Sqlite {
    /// It holds the write lock from its first statement. A transaction that had to ask for it later
    /// could be refused, whatever the busy timeout.
    const BEGIN: &'static str = "BEGIN IMMEDIATE";
}

/// Opens the file, makes it if it is not there, and brings its tables up to date.
pub(super) async fn open(
    path: &Path,
) -> Result<impl Repository + use<>, Box<dyn std::error::Error + Send + Sync>> {
    let options = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .foreign_keys(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Normal)
        .busy_timeout(LONGEST_WAIT);
    // SQLite lets one connection write at a time; a queue in front of it is fairer than its busy
    // handler.
    let writers = SqlitePoolOptions::new()
        .max_connections(1)
        .connect_with(options.clone())
        .await?;
    migrate(&writers).await?;
    let readers = SqlitePoolOptions::new()
        .max_connections(READERS)
        .connect_with(options.read_only(true))
        .await?;
    Ok(Tables::new(readers, writers))
}

/// Two processes may open a new file at once, and SQLite has no lock for migrations: the one that
/// came second finds that its migration was applied meanwhile, and looks again.
async fn migrate(writers: &SqlitePool) -> Result<(), MigrateError> {
    let mut attempts = 5;
    loop {
        attempts -= 1;
        match MIGRATIONS.run(writers).await {
            Err(MigrateError::Execute(_) | MigrateError::ExecuteMigration(..)) if attempts > 0 => {
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
            result => return result,
        }
    }
}
