//! 32 instances that remove 10,000 keys a second between them, on one server.
//!
//! By hand: 32 connections that follow a Stream with XREAD, and 32 that send XADD and DEL in one
//! transaction for each removal. Of the removals, 50 a second are watched: every other instance
//! holds a copy that notices when it is dropped. Processor time is the server's own account.

mod by_hand;
mod turns;

use std::convert::Infallible;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use futures_util::future::join_all;
use tokio::task::JoinSet;
use unstale::Cache;

use self::turns::{Schedule, watched_by, watched_key};
use super::Row;
use crate::measure::{Contender, Figure, Latencies, Outcome, Target, Unit};
use crate::setup::{Bed, Board, Log, Raw, Run, Watched, cache, config};

pub(super) const ROW: Row = Row {
    name: "many-instances",
    title: "32 instances, 10,000 removals a second, one server",
    measure,
};

const INSTANCES: usize = 32;

/// Nobody takes longer to get the last removal.
const PATIENCE: Duration = Duration::from_secs(20);

const CPU: &str = "server time for each removal";
const RATE: &str = "removals";

/// What one turn of a contender gives.
struct Turn {
    latencies: Latencies,
    removed: usize,
    took: Duration,
}

fn measure(run: &Run) -> Result<Outcome> {
    let bed = Bed::start()?;
    let span = run.span(Duration::from_secs(5));
    let config = config(&bed, Log::Stream)?;
    let ours: Vec<Cache> = bed.block_on(async {
        let all = (0..INSTANCES).map(|number| {
            let config = &config;
            async move { cache(config, &format!("instance-{number}")).await }
        });
        join_all(all).await.into_iter().collect::<Result<_>>()
    })?;
    let raw = || -> Result<Vec<Raw>> {
        let all = (0..INSTANCES).map(|_| bed.block_on(Raw::connect(&bed.url())));
        all.collect()
    };
    let (sending, reading) = (raw()?, raw()?);
    let contenders = vec![
        Contender::new("unstale", |round| {
            let first = round * 10_000;
            let held = bed.block_on(hold(&ours, span, first))?;
            figures(&bed, || {
                bed.block_on(by_unstale(&ours, Schedule::begin(span, first), held))
            })
        }),
        Contender::new("by hand", |_| {
            figures(&bed, || {
                bed.block_on(by_hand::measured(&sending, &reading, span))
            })
        }),
    ];
    let mut outcome = Outcome::of(run.few_rounds().interleave(contenders)?);
    let what = |what: &str| format!("32 instances, 10,000/s: {what}");
    let [done, p99, cpu] = [RATE, "p99", CPU].map(|measure| ["unstale", measure]);
    outcome.claim_value(&what("removals done"), done, Target::AtLeast(9_500.0));
    outcome.claim_value(&what("propagation p99"), p99, Target::AtMost(20e6));
    outcome.claim_ratio(
        &what("propagation p99"),
        p99,
        ["by hand", "p99"],
        Target::None,
    );
    outcome.claim_ratio(&what(CPU), cpu, ["by hand", CPU], Target::AtMost(1.5));
    Ok(outcome)
}

/// Latencies, how many removals a second, and what each cost the server.
fn figures(bed: &Bed, turn: impl FnOnce() -> Result<Turn>) -> Result<Vec<Figure>> {
    let before = bed.server_time()?;
    let Turn {
        latencies,
        removed,
        took,
    } = turn()?;
    let cpu = (bed.server_time()? - before) / removed as f64;
    let mut figures = latencies.figures("");
    let rate = removed as f64 / took.as_secs_f64();
    figures.push(Figure::new(RATE, Unit::PerSecond, rate));
    figures.push(Figure::new(CPU, Unit::Nanoseconds, cpu));
    Ok(figures)
}

/// Has every instance hold the watched keys that others will remove, and says how many copies that
/// makes.
async fn hold(ours: &[Cache], span: Duration, first: usize) -> Result<usize> {
    let all = ours.iter().enumerate().map(|(instance, cache)| async move {
        let mut held = 0;
        for number in watched_by(instance, span).map(|number| first + number) {
            let value = u32::try_from(number)?;
            let load = async || Ok::<_, Infallible>(Some(Watched { number: value }));
            let read = cache.get_or_load(&watched_key(number), load).await;
            ensure!(read.is_ok_and(|read| read.is_some()), "nothing was loaded");
            held += 1;
        }
        Ok(held)
    });
    let held: Vec<usize> = join_all(all).await.into_iter().collect::<Result<_>>()?;
    Ok(held.iter().sum())
}

async fn by_unstale(
    ours: &[Cache],
    schedule: std::sync::Arc<Schedule>,
    held: usize,
) -> Result<Turn> {
    Board::clear();
    let mut tasks = JoinSet::new();
    for (instance, cache) in ours.iter().enumerate() {
        let (mut turns, cache) = (schedule.turns(instance), cache.clone());
        tasks.spawn(async move {
            while let Some(key) = turns.next().await {
                ensure!(cache.remove(&key).await.is_applied(), "not confirmed");
            }
            Ok(())
        });
    }
    while let Some(ended) = tasks.join_next().await {
        ended??;
    }
    let (removed, took) = schedule.done();
    let give_up = Instant::now() + PATIENCE;
    while Board::drops().len() < held && Instant::now() < give_up {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let drops = Board::drops();
    ensure!(
        drops.len() == held,
        "{} of {held} copies were dropped",
        drops.len()
    );
    let drops = drops.into_iter().map(|(number, at)| (number as usize, at));
    Ok(Turn {
        latencies: schedule.latencies(drops)?,
        removed,
        took,
    })
}
