//! A hit in L2: L1 has nothing, another instance has stored the value.
//!
//! Each key is read once, one after the other, so that each read is one round trip; then it is in
//! L1 where there is one. By hand, the value is fetched with GET and decoded as Unstale decodes it.

use std::cell::Cell;
use std::ops::Range;
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Result, ensure};
use redis::AsyncCommands as _;

use super::Row;
use crate::measure::{Contender, Figure, Latencies, Outcome, Target};
use crate::setup::{Bed, Log, MultiTier, Raw, Run, StockPrice, cache, config, key, price};

pub(super) const ROW: Row = Row {
    name: "l2-hit",
    title: "a hit in L2, one after the other",
    measure,
};

const READS: usize = 5000;

fn measure(run: &Run) -> Result<Outcome> {
    let bed = Bed::start()?;
    let reads = run.count(READS);
    let config = config(&bed, Log::Stream)?;
    let ours = bed.block_on(cache(&config, "reading"))?;
    let other = bed.block_on(cache(&config, "filling"))?;
    let raw = bed.block_on(Raw::connect(&bed.url()))?;
    let multi = bed.block_on(MultiTier::start(&bed.url(), 200_000))?;
    let filling = bed.block_on(MultiTier::start(&bed.url(), 1))?;
    // Keys that nobody has read.
    let fresh = Cell::new(0);
    let next = || {
        let first = fresh.get();
        fresh.set(first + reads);
        first..first + reads
    };

    let contenders = vec![
        Contender::new("by hand", |_| {
            let mut connection = raw.connection();
            bed.block_on(async {
                let keys = keys(next());
                for (number, key) in &keys {
                    let bytes = rmp_serde::to_vec(&price(*number))?;
                    let _: () = connection.set(&**key, bytes).await?;
                }
                let (mut plain, mut decoded) = (Latencies::default(), Latencies::default());
                for (number, key) in &keys {
                    let began = Instant::now();
                    let bytes: Vec<u8> = connection.get(&**key).await?;
                    plain.record(began.elapsed());
                    let found: StockPrice = rmp_serde::from_slice(&bytes)?;
                    decoded.record(began.elapsed());
                    ensure!(found == price(*number), "another value was read");
                }
                let mut figures = plain.figures("GET ");
                figures.extend(decoded.figures(""));
                Ok(figures)
            })
        }),
        Contender::new("unstale", |_| {
            bed.block_on(async {
                let keys = keys(next());
                let prices = other.space::<StockPrice>("stock:price");
                for part in keys.chunks(1000) {
                    let entries: Vec<_> = part
                        .iter()
                        .map(|(number, _)| (crate::setup::symbol(*number), price(*number)))
                        .collect();
                    let options = unstale::EntryOptions::new();
                    ensure!(prices.set_many(&entries, options).await?.is_applied());
                }
                let read = async |key: &str| ours.get::<StockPrice>(key).await;
                each(&keys, read).await
            })
        }),
        Contender::new("multi-tier-cache", |_| {
            bed.block_on(async {
                let keys = keys(next());
                for (number, key) in &keys {
                    filling.put(key, &price(*number)).await?;
                }
                let read = async |key: &str| {
                    let found = multi.manager().get_typed::<StockPrice>(key).await;
                    found.ok().flatten().map(Arc::new)
                };
                each(&keys, read).await
            })
        }),
    ];
    let mut outcome = Outcome::of(run.rounds().interleave(contenders)?);
    let ours = ["unstale", "p50"];
    let [plain, decoded] = ["GET p50", "p50"].map(|measure| ["by hand", measure]);
    outcome.claim_ratio(
        "get, p50, beside a plain GET",
        ours,
        plain,
        Target::AtMost(1.1),
    );
    outcome.claim_ratio(
        "get, p50, beside GET and decoding",
        ours,
        decoded,
        Target::None,
    );
    let multi = ["multi-tier-cache", "p50"];
    outcome.claim_advantage("get, p50: times faster than", ours, multi, Target::None);
    Ok(outcome)
}

fn keys(numbers: Range<usize>) -> Vec<(usize, Arc<str>)> {
    numbers.map(|number| (number, key(number))).collect()
}

/// Reads each key once.
async fn each(
    keys: &[(usize, Arc<str>)],
    read: impl AsyncFn(&str) -> Option<Arc<StockPrice>>,
) -> Result<Vec<Figure>> {
    let mut latencies = Latencies::default();
    for (number, key) in keys {
        let began = Instant::now();
        let found = read(key).await;
        latencies.record(began.elapsed());
        ensure!(
            found.is_some_and(|found| found.price == price(*number).price),
            "a key that was stored was not found"
        );
    }
    Ok(latencies.figures(""))
}
