//! Postgres: one database of a server, shared by all instances that reach it.
//!
//! The tables stand in a schema of their own, so that nothing else in the database is touched.

use std::time::Duration;

use sqlx::{
    Connection, PgConnection, Postgres,
    migrate::Migrator,
    postgres::{PgConnectOptions, PgPoolOptions},
};
use tokio::time::timeout;

use super::{
    LONGEST_WAIT, READERS, Repository,
    error::DatabaseError,
    tables::{Dialect, Tables},
};

static MIGRATIONS: Migrator = sqlx::migrate!("migrations/postgres");

const SCHEMA: &str = "unstale_realtime";

/// Writers lock rows and not each other.
const WRITERS: u32 = 4;
/// How long the server may take to take a connection.
const PATIENCE: Duration = Duration::from_secs(10);

/// What the advisory locks of this service begin with: "unst".
const LOCKS: i32 = 0x756e_7374;
/// Held by whoever makes the schema.
const MAKING: i32 = 1;
/// Held by the processes that use the tables.
const USING: i32 = 2;

impl Dialect for Postgres {
    /// Whatever the server's default is: a transaction that comes second goes on with what the first
    /// one has committed, and is not refused for it.
    const BEGIN: &'static str = "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE";
}

/// Brings the tables up to date, and connects.
pub(super) async fn open(
    options: &PgConnectOptions,
) -> Result<impl Repository + use<>, DatabaseError> {
    let failed = |source| DatabaseError::postgres(options, source);
    let mut connection = connect(options).await?;
    let encoding: String = sqlx::query_scalar("SHOW server_encoding")
        .fetch_one(&mut connection)
        .await
        .map_err(failed)?;
    if encoding != "UTF8" {
        return Err(DatabaseError::Encoding {
            database: shown(options),
            encoding,
        });
    }
    make_schema(&mut connection).await.map_err(failed)?;
    MIGRATIONS
        .run(&mut connection)
        .await
        .map_err(|source| DatabaseError::Unusable {
            database: shown(options),
            source: source.into(),
        })?;
    connection.close().await.map_err(failed)?;
    let options = ours(options);
    let readers = options
        .clone()
        .options([("default_transaction_read_only", "on")]);
    let pool = || PgPoolOptions::new().acquire_timeout(LONGEST_WAIT);
    Ok(Tables::new(
        pool().max_connections(READERS).connect_lazy_with(readers),
        pool().max_connections(WRITERS).connect_lazy_with(options),
    ))
}

/// Says on the server that this process uses the tables, alone or together with others that do so
/// too: none if that cannot be.
///
/// It holds for as long as the connection does, so a server that was restarted has forgotten it.
pub(super) async fn claim(
    options: &PgConnectOptions,
    shared: bool,
) -> Result<Option<PgConnection>, DatabaseError> {
    let mut connection = connect(options).await?;
    let lock = if shared {
        "SELECT pg_try_advisory_lock_shared($1, $2)"
    } else {
        "SELECT pg_try_advisory_lock($1, $2)"
    };
    let is_ours: bool = sqlx::query_scalar(lock)
        .bind(LOCKS)
        .bind(USING)
        .fetch_one(&mut connection)
        .await
        .map_err(|source| DatabaseError::postgres(options, source))?;
    Ok(is_ours.then_some(connection))
}

/// Where a database is, in words that hold no secret.
pub(super) fn shown(options: &PgConnectOptions) -> String {
    format!("{} on Postgres at {}", name(options), place(options))
}

pub(super) fn place(options: &PgConnectOptions) -> String {
    match options.get_socket() {
        Some(socket) => socket.display().to_string(),
        None => format!("{}:{}", options.get_host(), options.get_port()),
    }
}

/// The server takes the user's name for a database that is not named.
pub(super) fn name(options: &PgConnectOptions) -> &str {
    options.get_database().unwrap_or(options.get_username())
}

/// A pool would try a server that is not there again and again, and then not tell why.
async fn connect(options: &PgConnectOptions) -> Result<PgConnection, DatabaseError> {
    match timeout(PATIENCE, PgConnection::connect_with(&ours(options))).await {
        Ok(connected) => connected.map_err(|source| DatabaseError::postgres(options, source)),
        Err(_) => Err(DatabaseError::Silent {
            place: place(options),
            after: PATIENCE.as_secs(),
        }),
    }
}

/// With what holds for every connection.
fn ours(options: &PgConnectOptions) -> PgConnectOptions {
    let wait = LONGEST_WAIT.as_millis().to_string();
    options
        .clone()
        .options([("search_path", SCHEMA), ("lock_timeout", wait.as_str())])
}

/// The permission to make schemas is only asked for where it is needed, and two processes that begin
/// at once do not both make it.
async fn make_schema(connection: &mut PgConnection) -> sqlx::Result<()> {
    let mut transaction = connection.begin().await?;
    sqlx::query("SELECT pg_advisory_xact_lock($1, $2)")
        .bind(LOCKS)
        .bind(MAKING)
        .execute(&mut *transaction)
        .await?;
    let is_there: bool =
        sqlx::query_scalar("SELECT to_regnamespace('unstale_realtime') IS NOT NULL")
            .fetch_one(&mut *transaction)
            .await?;
    if !is_there {
        sqlx::query("CREATE SCHEMA unstale_realtime")
            .execute(&mut *transaction)
            .await?;
    }
    transaction.commit().await
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The clock goes on by itself where everybody waits.
    #[tokio::test(start_paused = true)]
    async fn a_server_that_says_nothing_is_given_up() {
        let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("postgres://u:secret@{}/shop", silent.local_addr().unwrap());
        let Err(error) = claim(&url.parse().unwrap(), true).await else {
            panic!("a server that says nothing took the connection");
        };
        assert!(matches!(error, DatabaseError::Silent { .. }), "{error}");
        assert!(!error.to_string().contains("secret"), "{error}");
    }
}
