//! One removal after the other, or one now and then: nothing else goes on, so what counts is the
//! round trip.
//!
//! One after the other are so many that the log is read at a pace. One now and then wakes the
//! readers, that of the instance that removes among them, and finds everybody asleep.
//!
//! Each key is in L2 before. By hand: DEL, which tells nobody; and what tells others as a Stream
//! does, XADD and DEL in one transaction.

use std::cell::Cell;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use redis::AsyncCommands as _;
use tokio::time::MissedTickBehavior;

use super::Row;
use crate::measure::{Contender, Latencies, Outcome, Target};
use crate::setup::{Bed, Log, MultiTier, Raw, Run, StockPrice, cache, config, key, price};

pub(super) const ROW: Row = Row {
    name: "remove-idle",
    title: "one removal after the other",
    measure: |run| measure(run, run.count(5000), None),
};

pub(super) const RARE: Row = Row {
    name: "remove-rare",
    title: "a removal now and then",
    measure: |run| measure(run, run.count(500), Some(Duration::from_millis(4))),
};

/// So many removals, one as soon as the other is done, or begun at least so long after each other.
fn measure(run: &Run, count: usize, apart: Option<Duration>) -> Result<Outcome> {
    let bed = Bed::start()?;
    let streams = bed.block_on(cache(&config(&bed, Log::Stream)?, "removing"))?;
    let pub_sub = bed.block_on(cache(&config(&bed, Log::PubSub)?, "removing"))?;
    let raw = bed.block_on(Raw::connect(&bed.url()))?;
    let multi = bed.block_on(MultiTier::start(&bed.url(), 200_000))?;
    let fresh = Cell::new(0);
    let next = || {
        let first = fresh.get();
        fresh.set(first + count);
        (first..first + count).map(key).collect::<Vec<_>>()
    };
    // What a value takes up is the same in every L2.
    let stored = async |keys: &[Arc<str>]| {
        let mut connection = raw.connection();
        let bytes = rmp_serde::to_vec(&price(0))?;
        for key in keys {
            let _: () = connection.set(&**key, &bytes).await?;
        }
        anyhow::Ok(())
    };
    let ours = |name, cache: unstale::Cache| {
        let (bed, next) = (&bed, &next);
        Contender::new(name, move |_| {
            bed.block_on(async {
                let keys = next();
                let prices = cache.space::<StockPrice>("stock:price");
                let entries: Vec<_> = (0..keys.len())
                    .map(|place| (keys[place].trim_start_matches("stock:price:"), price(place)))
                    .map(|(symbol, price)| (symbol.to_owned(), price))
                    .collect();
                for part in entries.chunks(1000) {
                    prices.set_many(part, unstale::EntryOptions::new()).await?;
                }
                timed(&keys, apart, async |key: &str| {
                    Ok(cache.remove(key).await.is_applied())
                })
                .await
            })
        })
    };
    let contenders = vec![
        Contender::new("DEL", |_| {
            bed.block_on(async {
                let keys = next();
                stored(&keys).await?;
                let connection = raw.connection();
                timed(&keys, apart, async |key: &str| {
                    let _: u64 = connection.clone().del(key).await?;
                    Ok(true)
                })
                .await
            })
        }),
        ours("unstale", streams),
        ours("unstale, Pub/Sub", pub_sub),
        Contender::new("XADD and DEL", |_| {
            bed.block_on(async {
                let keys = next();
                stored(&keys).await?;
                let connection = raw.connection();
                timed(&keys, apart, async |key: &str| {
                    let mut both = redis::pipe();
                    both.atomic();
                    both.cmd("XADD").arg("by-hand:log").arg("MAXLEN").arg("~");
                    both.arg(10_000).arg("*").arg("k").arg(key);
                    both.cmd("DEL").arg(key);
                    let _: redis::Value = both.query_async(&mut connection.clone()).await?;
                    Ok(true)
                })
                .await
            })
        }),
        Contender::new("multi-tier-cache", |_| {
            bed.block_on(async {
                let keys = next();
                stored(&keys).await?;
                timed(&keys, apart, async |key: &str| {
                    multi.manager().invalidate(key).await?;
                    Ok(true)
                })
                .await
            })
        }),
    ];
    let mut outcome = Outcome::of(run.rounds().interleave(contenders)?);
    let [plain, told, multi] = ["DEL", "XADD and DEL", "multi-tier-cache"].map(|who| [who, "p50"]);
    for who in ["unstale", "unstale, Pub/Sub"] {
        let ours = [who, "p50"];
        let log = if who == "unstale" {
            "Streams"
        } else {
            "Pub/Sub"
        };
        let what = |rest: &str| format!("remove ({log}), p50{rest}");
        outcome.claim_ratio(&what(""), ours, plain, Target::AtMost(1.25));
        outcome.claim_ratio(&what(""), ours, told, Target::None);
        outcome.claim_advantage(&what(": times faster than"), ours, multi, Target::None);
    }
    Ok(outcome)
}

/// Removes each key, one after the other.
async fn timed(
    keys: &[Arc<str>],
    apart: Option<Duration>,
    remove: impl AsyncFn(&str) -> Result<bool>,
) -> Result<Vec<crate::measure::Figure>> {
    let mut ticks = apart.map(|apart| {
        let mut ticks = tokio::time::interval(apart);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        ticks
    });
    let mut latencies = Latencies::default();
    for key in keys {
        if let Some(ticks) = &mut ticks {
            ticks.tick().await;
        }
        let began = Instant::now();
        let applied = remove(key).await?;
        latencies.record(began.elapsed());
        ensure!(applied, "a removal was not confirmed");
    }
    Ok(latencies.figures(""))
}
