//! Counts allocations: `allocations hits` those of a hit in L1, `allocations memory` the bytes that
//! an entry of L1 takes up. A program of its own, because counting makes everything slower.

use std::alloc::System;
use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Result, bail, ensure};
use bench::setup::{StockPrice, key, price, symbol};
use quick_cache::DefaultHashBuilder;
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};
use unstale::{Cache, Config};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// Hits that are counted.
const HITS: u32 = 10_000;

/// Entries that are counted, in an L1 that is nearly full.
const ENTRIES: usize = 100_000;
const ROOM: usize = 105_000;

fn main() -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let figures = match std::env::args().nth(1).as_deref() {
        Some("hits") => BTreeMap::from([("per_hit", runtime.block_on(hits())?)]),
        Some("memory") => BTreeMap::from([("beside_key_and_value", runtime.block_on(memory())?)]),
        _ => bail!("say what to count: `allocations hits` or `allocations memory`"),
    };
    println!("{}", serde_json::to_string(&figures)?);
    Ok(())
}

/// Allocations for each hit in L1.
async fn hits() -> Result<Vec<(&'static str, f64)>> {
    let cache = Cache::builder().build().await?;
    let space = cache.space::<StockPrice>("stock:price");
    let (key, symbol) = (key(7), symbol(7));
    let load = async || Ok::<_, Infallible>(Some(price(7)));
    ensure!(cache.get_or_load(&key, load).await.is_ok());
    let get = counted(async || cache.get::<StockPrice>(&key).await.is_some()).await?;
    let in_space = counted(async || space.get(&symbol).await.is_some()).await?;
    let load = async || Ok::<_, Infallible>(None::<StockPrice>);
    let or_load = counted(async || {
        let read = cache.get_or_load(&key, load).await;
        read.is_ok_and(|read| read.is_some())
    })
    .await?;
    Ok(vec![
        ("get", get),
        ("Space::get", in_space),
        ("get_or_load", or_load),
    ])
}

async fn counted(hit: impl AsyncFn() -> bool) -> Result<f64> {
    ensure!(hit().await, "a key that is in L1 was not found");
    let region = Region::new(ALLOCATOR);
    let mut found = 0;
    for _ in 0..HITS {
        found += u32::from(hit().await);
    }
    let change = region.change();
    ensure!(found == HITS, "a key that is in L1 was not found");
    Ok((change.allocations + change.reallocations) as f64 / f64::from(HITS))
}

/// Bytes for each entry of L1, less those of its key and value.
async fn memory() -> Result<Vec<(&'static str, f64)>> {
    let mut config = Config::default();
    config.memory.size_limit = ROOM as u64;
    let region = Region::new(ALLOCATOR);
    let cache = Cache::builder().config(config).build().await?;
    for number in 0..ENTRIES {
        let load = async || Ok::<_, Infallible>(Some(price(number)));
        ensure!(cache.get_or_load(&key(number), load).await.is_ok());
    }
    let held = cache.health().l1_entries as usize;
    let ours = beside_key_and_value(&region, held);

    let region = Region::new(ALLOCATOR);
    let raw = quick_cache::sync::Cache::new(ROOM);
    for number in 0..ENTRIES {
        raw.insert(key(number), Arc::new(price(number)));
    }
    let quick = beside_key_and_value(&region, raw.len());

    let region = Region::new(ALLOCATOR);
    let moka = moka::sync::Cache::builder()
        .max_capacity(ROOM as u64)
        .time_to_live(Duration::from_secs(120))
        .build_with_hasher(DefaultHashBuilder::default());
    for number in 0..ENTRIES {
        moka.insert(key(number), Arc::new(price(number)));
    }
    moka.run_pending_tasks();
    let theirs = beside_key_and_value(&region, usize::try_from(moka.entry_count())?);
    Ok(vec![
        ("unstale", ours),
        ("quick_cache", quick),
        ("moka", theirs),
    ])
}

fn beside_key_and_value(region: &Region<'_, System>, entries: usize) -> f64 {
    let change = region.change();
    let grown = change.bytes_allocated as f64 - change.bytes_deallocated as f64;
    let of_key_and_value = key(0).len() + size_of::<StockPrice>() + price(0).symbol.capacity();
    grown / entries as f64 - of_key_and_value as f64
}
