//! Unstale: every instance holds copies that notice when they are dropped.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use futures_util::future::join_all;
use tokio::task::JoinSet;
use unstale::{Cache, Config};

use super::turns::{Pace, Schedule, watched_key};
use super::{PATIENCE, Turn};
use crate::setup::{Board, Watched, cache};

pub(super) async fn start(config: &Config, instances: usize) -> Result<Vec<Cache>> {
    let all = (0..instances)
        .map(|number| async move { cache(config, &format!("instance-{number}")).await });
    join_all(all).await.into_iter().collect()
}

/// Has every instance hold the watched keys that others will remove, and says how many copies that
/// makes.
pub(super) async fn hold(
    ours: &[Cache],
    pace: Pace,
    span: Duration,
    first: usize,
) -> Result<usize> {
    let all = ours.iter().enumerate().map(|(instance, cache)| async move {
        let mut held = 0;
        for number in pace.watched_by(instance, span).map(|number| first + number) {
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

/// Has them remove in turns, and waits until all that is held is dropped.
pub(super) async fn measured(ours: &[Cache], schedule: Arc<Schedule>, held: usize) -> Result<Turn> {
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
