//! Tasks that remove one key after the other at once, each its own keys.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use unstale::Cache;

use crate::measure::{Figure, Unit};
use crate::setup::Bed;

/// How many there are in most rows.
pub(super) const TASKS: usize = 64;

/// No two tasks remove the same key, so nothing is saved by removing one only once.
const KEYS_EACH: usize = 1000;

/// What [`Crowd::rate`] measures.
pub(super) const RATE: &str = "removals";

/// All tasks, and what they need.
pub(super) struct Crowd<'a> {
    bed: &'a Bed,
    keys: Arc<[String]>,
    tasks: usize,
    span: Duration,
}

/// What one task removes, until its time is over.
pub(super) struct Task {
    keys: Arc<[String]>,
    first: usize,
    taken: usize,
    ends: Instant,
}

/// What all tasks together have removed.
#[derive(Copy, Clone, Debug)]
pub(super) struct Removed {
    keys: u64,
    took: Duration,
}

impl Task {
    pub(super) fn next(&mut self) -> Option<&str> {
        if Instant::now() >= self.ends {
            return None;
        }
        self.taken += 1;
        let place = self.first + self.taken % KEYS_EACH;
        Some(&self.keys[place])
    }
}

impl Removed {
    pub(super) fn rate(self) -> Figure {
        let rate = self.keys as f64 / self.took.as_secs_f64();
        Figure::new(RATE, Unit::PerSecond, rate)
    }

    /// So much, for each key.
    pub(super) fn each(self, measure: &str, count: u64) -> Figure {
        Figure::new(measure, Unit::Count, count as f64 / self.keys as f64)
    }
}

impl<'a> Crowd<'a> {
    /// So many tasks, each for this time.
    pub(super) fn new(bed: &'a Bed, tasks: usize, span: Duration) -> Self {
        Self {
            bed,
            keys: (0..tasks * KEYS_EACH)
                .map(|number| format!("bench:item:{number}"))
                .collect(),
            tasks,
            span,
        }
    }

    /// How many keys all tasks together remove in a second.
    pub(super) fn rate<Removing>(&self, task: impl Fn(Task) -> Removing) -> Result<Vec<Figure>>
    where
        Removing: Future<Output = Result<u64>> + Send + 'static,
    {
        Ok(vec![self.remove(task)?.rate()])
    }

    /// Has all tasks remove.
    pub(super) fn remove<Removing>(&self, task: impl Fn(Task) -> Removing) -> Result<Removed>
    where
        Removing: Future<Output = Result<u64>> + Send + 'static,
    {
        self.bed.block_on(async {
            let began = Instant::now();
            let mut tasks = tokio::task::JoinSet::new();
            for number in 0..self.tasks {
                tasks.spawn(task(Task {
                    keys: self.keys.clone(),
                    first: number * KEYS_EACH,
                    taken: 0,
                    ends: began + self.span,
                }));
            }
            let mut keys = 0;
            while let Some(ended) = tasks.join_next().await {
                keys += ended??;
            }
            let took = began.elapsed();
            Ok(Removed { keys, took })
        })
    }
}

/// Each key with a `remove` of its own.
pub(super) async fn ours(mut task: Task, cache: Cache) -> Result<u64> {
    let mut removed = 0;
    while let Some(key) = task.next() {
        ensure!(cache.remove(key).await.is_applied(), "not confirmed");
        removed += 1;
    }
    Ok(removed)
}
