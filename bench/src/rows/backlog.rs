//! How far behind another instance is after a burst of removals at full speed.
//!
//! 64 tasks remove for two seconds, then one more key is removed: how long until the other instance
//! has applied that one.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use tokio::task::JoinSet;
use unstale::Cache;

use super::Row;
use crate::measure::{Contender, Figure, Outcome, Target, Unit};
use crate::setup::{Bed, Log, MultiTier, Run, cache, config};

pub(super) const ROW: Row = Row {
    name: "backlog",
    title: "how far behind another instance is after a burst of removals",
    measure,
};

const TASKS: usize = 64;
const BEHIND: &str = "behind";
const LAST: &str = "bench:last";

/// Nobody is further behind than this.
const PATIENCE: Duration = Duration::from_secs(60);

fn measure(run: &Run) -> Result<Outcome> {
    let bed = Bed::start()?;
    let burst = if run.quick {
        Duration::from_millis(500)
    } else {
        Duration::from_secs(2)
    };
    let pair = |log| {
        bed.block_on(async {
            let config = config(&bed, log)?;
            let removing = cache(&config, "removing").await?;
            anyhow::Ok([removing, cache(&config, "holding").await?])
        })
    };
    let (streams, pub_sub) = (pair(Log::Stream)?, pair(Log::PubSub)?);
    let multi = bed.block_on(async {
        let removing = MultiTier::start(&bed.url(), 200_000).await?;
        anyhow::Ok([removing, MultiTier::start(&bed.url(), 200_000).await?])
    })?;
    let contenders = vec![
        Contender::new("unstale", |_| bed.block_on(ours(&streams, burst))),
        Contender::new("unstale, Pub/Sub", |_| bed.block_on(ours(&pub_sub, burst))),
        Contender::new("multi-tier-cache", |_| bed.block_on(theirs(&multi, burst))),
    ];
    let mut outcome = Outcome::of(run.rounds().interleave(contenders)?);
    let multi = ["multi-tier-cache", BEHIND];
    for (who, log) in [("unstale", "Streams"), ("unstale, Pub/Sub", "Pub/Sub")] {
        let what = format!("behind after a burst of {} s ({log})", burst.as_secs_f64());
        outcome.claim_value(&what, [who, BEHIND], Target::AtMost(100e6));
        let what = format!("{what}: times less than");
        outcome.claim_advantage(&what, [who, BEHIND], multi, Target::None);
    }
    Ok(outcome)
}

async fn ours([removing, holding]: &[Cache; 2], burst: Duration) -> Result<Vec<Figure>> {
    let removed = burst_of(burst, |task, ends| {
        let cache = removing.clone();
        async move {
            let mut removed = 0;
            while Instant::now() < ends {
                let key = format!("bench:item:{task}:{}", removed % 1000);
                ensure!(cache.remove(&key).await.is_applied(), "not confirmed");
                removed += 1;
            }
            Ok(removed)
        }
    })
    .await?;
    let began = Instant::now();
    let last = removing.remove(LAST).await;
    let last = last.token().context("not confirmed")?.to_string();
    let last = place(&last).context("a token of another form")?;
    while holding.health().position.and_then(|at| place(&at)) < Some(last) {
        ensure!(
            began.elapsed() < PATIENCE,
            "the other instance never caught up"
        );
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    Ok(figures(began.elapsed(), removed, burst))
}

/// Epoch and number of a position, which tell what comes first.
fn place(position: &str) -> Option<(u64, u64)> {
    let (epoch, number) = position.split_once('-')?;
    Some((epoch.parse().ok()?, number.parse().ok()?))
}

async fn theirs([removing, holding]: &[MultiTier; 2], burst: Duration) -> Result<Vec<Figure>> {
    holding.put(LAST, &0_u32).await?;
    let removed = burst_of(burst, |task, ends| {
        let multi = removing.clone();
        async move {
            let mut removed = 0;
            while Instant::now() < ends {
                let key = format!("bench:item:{task}:{}", removed % 1000);
                multi.manager().invalidate(&key).await?;
                removed += 1;
            }
            Ok(removed)
        }
    })
    .await?;
    let began = Instant::now();
    removing.manager().invalidate(LAST).await?;
    while !holding.lacks_in_l1(LAST).await {
        ensure!(began.elapsed() < PATIENCE, "the copy was never dropped");
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    Ok(figures(began.elapsed(), removed, burst))
}

fn figures(behind: Duration, removed: u64, burst: Duration) -> Vec<Figure> {
    let rate = removed as f64 / burst.as_secs_f64();
    vec![
        Figure::new(BEHIND, Unit::Nanoseconds, behind.as_nanos() as f64),
        Figure::new("removals", Unit::PerSecond, rate),
    ]
}

async fn burst_of<Removing>(
    burst: Duration,
    task: impl Fn(usize, Instant) -> Removing,
) -> Result<u64>
where
    Removing: Future<Output = Result<u64>> + Send + 'static,
{
    let ends = Instant::now() + burst;
    let mut tasks: JoinSet<_> = (0..TASKS).map(|number| task(number, ends)).collect();
    let mut removed = 0;
    while let Some(ended) = tasks.join_next().await {
        removed += ended.context("a task that removes has panicked")??;
    }
    Ok(removed)
}
