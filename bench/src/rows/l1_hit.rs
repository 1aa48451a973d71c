//! A hit in L1: everything is in memory, nothing waits.
//!
//! All hold the same typed value under the same keys, 100,000 of them, and are asked with a key
//! that is there already, except `Space::get`, which builds it. Each has keys of its own, apart from
//! those it is asked with, as the cache of a service has: comparing them reads what is stored.
//! Unstale checks the TTL, the proof and the bans, and counts the hit; `moka` checks its TTL;
//! `quick_cache` has none, and checks nothing. It hashes as it does unless told otherwise, and so does
//! `moka` here, whose own hasher is slower; Unstale has brought a faster one. `multi-tier-cache` hands
//! out a value of its own, decoded from MessagePack; the others share an `Arc`.

use std::convert::Infallible;
use std::hint::black_box;
use std::sync::{Arc, Barrier};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use quick_cache::DefaultHashBuilder;
use serde::Deserialize;

use super::Row;
use crate::measure::{Contender, Figure, Outcome, Target, Unit};
use crate::setup::{
    Bed, Log, MultiTier, Run, StockPrice, cache, config, fill, key, output_of, price, sibling,
    symbol,
};

pub(super) const ROW: Row = Row {
    name: "l1-hit",
    title: "a hit in L1, 1 and 2 threads, a hot set and 100,000 keys",
    measure,
};

const KEYS: usize = 100_000;
const HOT: usize = 64;

/// Asked for in between two looks at the clock.
const BATCH: usize = 512;

/// How many keys are asked for, by how many threads.
const CASES: [(&str, usize, usize); 4] = [
    ("hot, 1 thread", HOT, 1),
    ("hot, 2 threads", HOT, 2),
    ("100k, 1 thread", KEYS, 1),
    ("100k, 2 threads", KEYS, 2),
];

const FACES: [&str; 3] = ["unstale get", "unstale Space::get", "unstale get_or_load"];

fn measure(run: &Run) -> Result<Outcome> {
    let bed = Bed::start()?;
    let keys: Vec<Arc<str>> = (0..KEYS).map(key).collect();
    let symbols: Vec<String> = (0..KEYS).map(symbol).collect();
    let capacity = KEYS * 2;

    let ours = bed.block_on(async {
        let config = config(&bed, Log::Stream)?;
        let ours = cache(&config, "bench").await?;
        let other = cache(&config, "filling").await?;
        fill(&other, &ours, 0..KEYS).await?;
        other.close().await;
        anyhow::Ok(ours)
    })?;
    let space = ours.space::<StockPrice>("stock:price");
    let raw = quick_cache::sync::Cache::new(capacity);
    let moka = moka::sync::Cache::builder()
        .max_capacity(capacity as u64)
        .time_to_live(Duration::from_secs(120))
        .build_with_hasher(DefaultHashBuilder::default());
    for number in 0..KEYS {
        raw.insert(key(number), Arc::new(price(number)));
        moka.insert(key(number), Arc::new(price(number)));
    }
    let multi = bed.block_on(async {
        let multi = MultiTier::start(&bed.url(), capacity as u64).await?;
        for (number, key) in keys.iter().enumerate() {
            multi.put_in_l1(key, &price(number)).await?;
        }
        anyhow::Ok(multi)
    })?;

    let span = run.span(Duration::from_millis(200));
    let contenders = vec![
        contender("quick_cache", span, async |number: usize| {
            raw.get(&*keys[number]).map(|price| price.timestamp)
        }),
        contender(FACES[0], span, async |number: usize| {
            let price = ours.get::<StockPrice>(&keys[number]).await;
            price.map(|price| price.timestamp)
        }),
        contender(FACES[1], span, async |number: usize| {
            let price = space.get(&symbols[number]).await;
            price.map(|price| price.timestamp)
        }),
        contender(FACES[2], span, async |number: usize| {
            let load = async || Ok::<_, Infallible>(None::<StockPrice>);
            let price = ours.get_or_load(&keys[number], load).await;
            price.ok().flatten().map(|price| price.timestamp)
        }),
        contender("moka", span, async |number: usize| {
            moka.get(&*keys[number]).map(|price| price.timestamp)
        }),
        contender("multi-tier-cache", span, async |number: usize| {
            let price = multi.manager().get_typed::<StockPrice>(&keys[number]).await;
            price.ok().flatten().map(|price| price.timestamp)
        }),
    ];
    let mut outcome = Outcome::of(run.rounds().interleave(contenders)?);
    claim(&mut outcome);
    claim_allocations(&mut outcome)?;
    Ok(outcome)
}

fn claim(outcome: &mut Outcome) {
    for face in FACES {
        for (case, ..) in CASES {
            let what = format!("{}, {case}", face.trim_start_matches("unstale "));
            let raw = ["quick_cache", case];
            outcome.claim_ratio(&what, [face, case], raw, Target::AtMost(1.5));
        }
    }
    for (case, ..) in CASES {
        let [ours, moka, multi] = [FACES[0], "moka", "multi-tier-cache"].map(|who| [who, case]);
        let what = format!("get, {case}: times faster than");
        outcome.claim_advantage(&what, ours, moka, Target::AtLeast(3.0));
        outcome.claim_advantage(&what, ours, multi, Target::None);
        let what = format!("quick_cache, {case}: times faster than");
        outcome.claim_advantage(&what, ["quick_cache", case], moka, Target::None);
    }
    for keys in ["hot", "100k"] {
        let measure = format!("{keys}, slower with 2 threads");
        let what = format!("get, {keys}: what a second thread costs, beside");
        let [ours, raw] = [FACES[0], "quick_cache"].map(|who| [who, &measure]);
        // Two threads on two busy cores differ by as much from one round to the next.
        outcome.claim_ratio(&what, ours, raw, Target::AtMost(1.05));
    }
}

/// A contender that is measured in every case, and gives how much slower two threads are than one.
fn contender<'a>(
    name: &'a str,
    span: Duration,
    hit: impl AsyncFn(usize) -> Option<u64> + Sync + 'a,
) -> Contender<'a> {
    Contender::new(name, move |_| {
        let mut figures = Vec::new();
        for (case, keys, threads) in CASES {
            let nanos = hammer(keys, threads, span, &hit)?;
            figures.push(Figure::new(case, Unit::Nanoseconds, nanos));
        }
        for (keys, one, two) in [("hot", 0, 1), ("100k", 2, 3)] {
            let slower = figures[two].value / figures[one].value;
            let measure = format!("{keys}, slower with 2 threads");
            figures.push(Figure::new(measure, Unit::Ratio, slower));
        }
        Ok(figures)
    })
}

/// How long one hit takes each of these threads, in nanoseconds.
fn hammer(
    keys: usize,
    threads: usize,
    span: Duration,
    hit: &(impl AsyncFn(usize) -> Option<u64> + Sync),
) -> Result<f64> {
    let start = Barrier::new(threads);
    let work = |thread: usize| {
        let start = &start;
        move || {
            let runtime = tokio::runtime::Builder::new_current_thread().build()?;
            start.wait();
            runtime.block_on(async {
                // A stride that is prime to the number of keys visits all, in no order that a
                // processor foresees.
                let (stride, mut number) = ((61_803 % keys) | 1, thread * 7919 % keys);
                let (mut done, mut misses) = (0_u64, 0_u64);
                let began = Instant::now();
                while began.elapsed() < span {
                    for _ in 0..BATCH {
                        number += stride;
                        number -= if number >= keys { keys } else { 0 };
                        misses += u64::from(black_box(hit(number).await).is_none());
                    }
                    done += BATCH as u64;
                }
                ensure!(misses == 0, "{misses} of {done} reads missed L1");
                Ok(began.elapsed().as_nanos() as f64 / done as f64)
            })
        }
    };
    let each = std::thread::scope(|scope| {
        let running: Vec<_> = (0..threads)
            .map(|thread| scope.spawn(work(thread)))
            .collect();
        let ended = running.into_iter().map(|thread| {
            let joined = thread.join();
            joined.unwrap_or_else(|_| Err(anyhow::anyhow!("a thread that asks has panicked")))
        });
        ended.collect::<Result<Vec<f64>>>()
    })?;
    Ok(each.iter().sum::<f64>() / threads as f64)
}

/// What the program `allocations` writes about hits.
#[derive(Deserialize)]
struct Allocations {
    per_hit: Vec<(String, f64)>,
}

fn claim_allocations(outcome: &mut Outcome) -> Result<()> {
    let mut program = std::process::Command::new(sibling("allocations")?);
    let counted = output_of(program.arg("hits"))?;
    let counted: Allocations =
        serde_json::from_str(&counted).context("the program `allocations` wrote no figures")?;
    for (face, allocations) in counted.per_hit {
        let figure = crate::measure::Spread::of([allocations]);
        let what = format!("{face}: allocations");
        outcome.claim_figure(&what, Unit::Count, figure, Target::AtMost(0.0));
    }
    Ok(())
}
