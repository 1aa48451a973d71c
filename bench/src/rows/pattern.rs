//! One pattern removed, with more and more keys in L2.
//!
//! The pattern matches none of them: what it costs to find that out is what is measured. Each size
//! has a server of its own, and one removal after the other goes to the next of them, so that no size
//! has the machine to itself while it is slow, or fast.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use redis::AsyncCommands as _;
use unstale::Cache;

use super::Row;
use crate::measure::{Contender, Figure, Latencies, Outcome, Target, Unit};
use crate::setup::{Bed, Log, MultiTier, Raw, Run, cache, config};

pub(super) const ROW: Row = Row {
    name: "pattern",
    title: "one pattern removed, with 1,000 to 1,000,000 keys in L2",
    measure,
};

const SIZES: [(&str, usize); 3] = [
    ("10^3 keys", 1_000),
    ("10^5 keys", 100_000),
    ("10^6 keys", 1_000_000),
];

const REMOVALS: usize = 500;

/// One size: its server, and who works on it.
struct Size {
    name: &'static str,
    bed: Bed,
    ours: Cache,
    multi: MultiTier,
}

fn measure(run: &Run) -> Result<Outcome> {
    let mut sizes = Vec::new();
    for (name, keys) in SIZES {
        run.progress.step(&format!("putting {name} into a server"));
        let bed = Bed::start()?;
        let config = config(&bed, Log::Stream)?;
        let (ours, multi) = bed.block_on(async {
            populate(&Raw::connect(&bed.url()).await?, keys).await?;
            let ours = cache(&config, "removing").await?;
            anyhow::Ok((ours, MultiTier::start(&bed.url(), 1000).await?))
        })?;
        sizes.push(Size {
            name,
            bed,
            ours,
            multi,
        });
    }
    let removals = run.count(REMOVALS);
    let contenders = vec![
        Contender::new("unstale", |round| ours(&sizes, round, removals)),
        // So slow that the larger sizes are measured in some rounds only.
        Contender::new("multi-tier-cache", |round| {
            let mut figures = Vec::new();
            for size in &sizes {
                let measured = match size.name {
                    "10^3 keys" => true,
                    "10^5 keys" => round < 4,
                    _ => round == 1 && !run.quick,
                };
                if measured {
                    figures.push(size.bed.block_on(theirs(size))?);
                }
            }
            Ok(figures)
        }),
    ];
    let mut outcome = Outcome::of(run.rounds().interleave(contenders)?);
    let pattern = |size: &str| format!("{size}, pattern p50");
    let [few, ..] = SIZES;
    for (name, _) in SIZES {
        let (pattern, single) = (pattern(name), format!("{name}, remove p50"));
        let (ours, single) = (["unstale", &pattern], ["unstale", &single]);
        let what = format!("remove_pattern, {name}, p50");
        outcome.claim_ratio(
            &format!("{what}, beside one remove"),
            ours,
            single,
            Target::AtMost(1.5),
        );
        let multi = ["multi-tier-cache", &pattern];
        outcome.claim_advantage(
            &format!("{what}: times faster than"),
            ours,
            multi,
            Target::None,
        );
    }
    for (name, _) in &SIZES[1..] {
        let what = format!("remove_pattern, {name} beside {}", few.0);
        let (many, few) = (pattern(name), pattern(few.0));
        let (many, few) = (["unstale", &*many], ["unstale", &*few]);
        outcome.claim_ratio(&what, many, few, Target::Between(0.8, 1.2));
    }
    Ok(outcome)
}

/// Values as large as those of other rows, under keys that no pattern here matches.
async fn populate(raw: &Raw, keys: usize) -> Result<()> {
    let mut connection = raw.connection();
    let numbers: Vec<_> = (0..keys).collect();
    for part in numbers.chunks(10_000) {
        let entries: Vec<_> = part
            .iter()
            .map(|number| (format!("bench:item:{number}"), "x".repeat(60)))
            .collect();
        let _: () = connection.mset(&entries).await?;
    }
    let there: usize = redis::cmd("DBSIZE").query_async(&mut connection).await?;
    ensure!(there == keys, "{there} of {keys} keys are in L2");
    Ok(())
}

/// Patterns and single keys by turns. The same patterns come again in every round, as they do in a
/// service.
fn ours(sizes: &[Size], round: usize, removals: usize) -> Result<Vec<Figure>> {
    let mut taken: Vec<[Latencies; 2]> = sizes.iter().map(|_| Default::default()).collect();
    for number in 0..removals {
        for (size, taken) in sizes.iter().zip(&mut taken) {
            let removed = size.bed.block_on(remove_both(&size.ours, round, number))?;
            for (latencies, took) in taken.iter_mut().zip(removed) {
                latencies.record(took);
            }
        }
    }
    let taken = sizes.iter().zip(taken);
    Ok(taken
        .flat_map(|(size, [patterns, single])| {
            let mut figures = patterns.figures(&format!("{}, pattern ", size.name));
            figures.extend(single.figures(&format!("{}, remove ", size.name)));
            figures
        })
        .collect())
}

/// How long a pattern takes, and a single key.
async fn remove_both(ours: &Cache, round: usize, number: usize) -> Result<[Duration; 2]> {
    let began = Instant::now();
    let removed = ours
        .remove_pattern(&format!("feed:user:{number}:page:*"))
        .await;
    let pattern = began.elapsed();
    ensure!(removed.is_applied(), "a ban was not confirmed");
    let began = Instant::now();
    let removed = ours.remove(&format!("stock:price:{round}:{number}")).await;
    let single = began.elapsed();
    ensure!(removed.is_applied(), "a removal was not confirmed");
    Ok([pattern, single])
}

async fn theirs(size: &Size) -> Result<Figure> {
    let began = Instant::now();
    size.multi
        .manager()
        .invalidate_pattern("feed:user:7:page:*")
        .await?;
    let took: Duration = began.elapsed();
    let measure = format!("{}, pattern p50", size.name);
    Ok(Figure::new(
        measure,
        Unit::Nanoseconds,
        took.as_nanos() as f64,
    ))
}
