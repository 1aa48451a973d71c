//! Unstale as it is measured: everything that is on by default is on.

use std::ops::Range;
use std::time::Duration;

use anyhow::{Result, ensure};
use unstale::{Cache, Config, EntryOptions};

use super::{Bed, StockPrice, key, price, symbol};

/// More than any row puts into L1.
pub const ROOM: u64 = 200_000;

const PATIENCE: Duration = Duration::from_secs(5);

/// How often it is looked whether an instance has heard of a write.
const LOOK: Duration = Duration::from_millis(1);

/// What carries the invalidations.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Log {
    /// A Stream.
    Stream,
    /// Pub/Sub.
    PubSub,
}

/// The default settings, on this server, with room for every key that a row uses.
///
/// # Errors
/// When the server's address cannot be read.
pub fn config(bed: &Bed, log: Log) -> Result<Config> {
    config_at(&bed.url(), log)
}

/// The same on these servers.
///
/// # Errors
/// When their addresses cannot be read.
pub fn config_at(servers: &str, log: Log) -> Result<Config> {
    let mut config = Config::default();
    config.redis.connect_to(servers.parse()?);
    config.redis.instance_name = format!("bench-{log:?}").to_lowercase();
    config.memory.size_limit = ROOM;
    // A machine on which others work must not look like a server that is gone.
    config.redis.command_timeout = Some(PATIENCE);
    config.use_streams_for_invalidation = log == Log::Stream;
    Ok(config)
}

/// One instance with these settings.
///
/// # Errors
/// When it does not come into service.
pub async fn cache(config: &Config, name: &str) -> Result<Cache> {
    let cache = Cache::builder()
        .config(config.clone())
        .instance_name(name)
        .build()
        .await?;
    let health = cache.health();
    ensure!(
        health.proven,
        "a cache did not come into service: {health:?}"
    );
    Ok(cache)
}

/// Puts the prices of these numbers into L2 through one instance, and into the L1 of the other.
///
/// # Errors
/// When they are not all there in the end.
pub async fn fill(writer: &Cache, reader: &Cache, numbers: Range<usize>) -> Result<()> {
    let prices = writer.space::<StockPrice>("stock:price");
    let numbers: Vec<_> = numbers.collect();
    for part in numbers.chunks(1000) {
        let entries: Vec<_> = part
            .iter()
            .map(|number| (symbol(*number), price(*number)))
            .collect();
        let stored = prices.set_many(&entries, EntryOptions::new()).await?;
        ensure!(stored.is_applied(), "prices were not stored: {stored:?}");
        // It drops the copies that it holds when it hears of the write.
        let written = stored.token().map(ToString::to_string);
        while reader.health().position != written {
            tokio::time::sleep(LOOK).await;
        }
        let keys: Vec<_> = part.iter().map(|number| key(*number)).collect();
        let found = reader.get_many::<StockPrice>(&keys).await;
        ensure!(found.iter().all(Option::is_some), "prices were not found");
    }
    Ok(())
}
