//! The repositories on SQLite: one file in write-ahead mode, shared by all instances on the
//! machine.

mod activities;
mod documents;
mod inventory;
mod products;
mod stock_prices;

use std::{path::Path, time::Duration};

use sqlx::{
    SqlitePool, SqliteTransaction,
    migrate::{MigrateError, Migrator},
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};

use super::{Queries, QueryCount, Repository, Stored};

static MIGRATIONS: Migrator = sqlx::migrate!("migrations/sqlite");

/// How long a writer waits for another instance's transaction.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);
const READERS: u32 = 4;

/// One instance's connections to the database file.
pub(crate) struct Sqlite {
    readers: SqlitePool,
    // SQLite lets one connection write at a time; a queue in front of it is fairer than its busy
    // handler.
    writer: SqlitePool,
    count: QueryCount,
}

/// The database file cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("The database file {path} cannot be used. Name another one with --database.")]
pub struct OpenError {
    path: String,
    source: Box<dyn std::error::Error + Send + Sync>,
}

impl Sqlite {
    /// Opens the file, makes it if it is not there, and brings its tables up to date.
    pub(crate) async fn open(path: &Path) -> Result<Self, OpenError> {
        Self::connect(path).await.map_err(|source| OpenError {
            path: path.display().to_string(),
            source,
        })
    }

    async fn connect(path: &Path) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .foreign_keys(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Normal)
            .busy_timeout(BUSY_TIMEOUT);
        let writer = SqlitePoolOptions::new()
            .max_connections(1)
            .connect_with(options.clone())
            .await?;
        migrate(&writer).await?;
        let readers = SqlitePoolOptions::new()
            .max_connections(READERS)
            .connect_with(options.read_only(true))
            .await?;
        Ok(Self {
            readers,
            writer,
            count: QueryCount::default(),
        })
    }

    pub(crate) async fn close(&self) {
        self.readers.close().await;
        self.writer.close().await;
    }

    /// The connections for one statement that only reads.
    fn read(&self) -> &SqlitePool {
        self.count.read();
        &self.readers
    }

    /// Begins a transaction that holds the write lock from its first statement. One that had to ask
    /// for it later could be refused, whatever the busy timeout.
    async fn write(&self) -> Stored<SqliteTransaction<'static>> {
        self.count.write();
        Ok(self.writer.begin_with("BEGIN IMMEDIATE").await?)
    }
}

impl Repository for Sqlite {
    fn queries(&self) -> Queries {
        self.count.so_far()
    }
}

/// Two processes may open a new file at once, and SQLite has no lock for migrations: the one that
/// came second finds that its migration was applied meanwhile, and looks again.
async fn migrate(writer: &SqlitePool) -> Result<(), MigrateError> {
    let mut attempts = 5;
    loop {
        attempts -= 1;
        match MIGRATIONS.run(writer).await {
            Err(MigrateError::Execute(_) | MigrateError::ExecuteMigration(..)) if attempts > 0 => {
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
            result => return result,
        }
    }
}
