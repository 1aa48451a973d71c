//! Cache-aside as it is usually written by hand: a copy in memory, GET, load, SET, and DEL after a
//! write. It is stale now and then, so a run with it has to fail; one that does not proves nothing.

use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, Instant},
};

use history::Source;
use parking_lot::Mutex;
use redis::{AsyncCommands as _, RedisResult, aio::MultiplexedConnection};
use unstale::Token;

use super::{Removal, Removed, Row, Seen, Subject};
use crate::{keyspace::Key, workload::Loader};

/// How long a copy in memory is used, whatever happens to the row.
const COPY_LIFE: Duration = Duration::from_millis(100);
/// How long a record is kept on the server.
const RECORD_LIFE_S: u64 = 5;

/// One instance.
#[derive(Clone)]
pub(crate) struct Aside {
    client: redis::Client,
    connection: Arc<Mutex<Option<MultiplexedConnection>>>,
    copies: Arc<Mutex<HashMap<Key, (Row, Instant)>>>,
}

impl Aside {
    pub(crate) fn new(url: &str) -> RedisResult<Self> {
        Ok(Self {
            client: redis::Client::open(url)?,
            connection: Arc::default(),
            copies: Arc::default(),
        })
    }

    /// A connection that works, as far as anybody knows.
    async fn connection(&self) -> RedisResult<MultiplexedConnection> {
        if let Some(connection) = self.connection.lock().clone() {
            return Ok(connection);
        }
        let connection = self.client.get_multiplexed_async_connection().await?;
        *self.connection.lock() = Some(connection.clone());
        Ok(connection)
    }

    /// A connection that failed is not used again.
    fn checked<T>(&self, result: RedisResult<T>) -> Option<T> {
        if result.is_err() {
            *self.connection.lock() = None;
        }
        result.ok()
    }

    async fn find(&self, key: Key) -> Option<Seen> {
        if let Some((row, since)) = self.copies.lock().get(&key)
            && since.elapsed() < COPY_LIFE
        {
            return Some(row.seen(Source::L1));
        }
        let got = async { self.connection().await?.get(key.to_string()).await };
        let text: Option<String> = self.checked(got.await)?;
        let version = text?.parse().ok()?;
        let row = Row::new(key, version);
        let seen = row.seen(Source::L2);
        self.copies.lock().insert(key, (row, Instant::now()));
        Some(seen)
    }

    async fn store(&self, row: Row) {
        let name = row.key.to_string();
        let set = async {
            let mut connection = self.connection().await?;
            connection.set_ex(name, row.version, RECORD_LIFE_S).await
        };
        let _: Option<()> = self.checked(set.await);
        self.copies.lock().insert(row.key, (row, Instant::now()));
    }
}

impl Subject for Aside {
    async fn read(&self, key: Key, _: Option<&Token>, loader: &Loader) -> Option<Seen> {
        self.look_up(key, loader).await
    }

    async fn look_up(&self, key: Key, loader: &Loader) -> Option<Seen> {
        if let Some(seen) = self.find(key).await {
            return Some(seen);
        }
        let row = loader.load(key).await.ok()??;
        let seen = row.seen(Source::Load);
        self.store(row).await;
        Some(seen)
    }

    async fn get(&self, key: Key) -> Option<Seen> {
        self.find(key).await
    }

    async fn get_many(&self, keys: &[Key]) -> Vec<Option<Seen>> {
        let mut rows = Vec::new();
        for key in keys {
            rows.push(self.find(*key).await);
        }
        rows
    }

    async fn remove(&self, removal: &Removal) -> Removed {
        let keys = removal.keys();
        self.copies.lock().retain(|key, _| !keys.contains(key));
        let names: Vec<_> = keys.iter().map(Key::to_string).collect();
        let deleted = async { self.connection().await?.del(names).await };
        match self.checked::<u64>(deleted.await) {
            Some(_) => Removed::Applied(None),
            None => Removed::Pending,
        }
    }
}
