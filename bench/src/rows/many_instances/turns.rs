//! Who removes what when.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};

use super::INSTANCES;
use crate::measure::Latencies;

const PER_SECOND: usize = 10_000;

/// One in so many removals is watched.
const WATCHED: usize = 200;

/// What every watched key begins with.
const PREFIX: &str = "bench:watched:";

/// Removals in a row, done by all instances in turns, each when it is due.
pub(super) struct Schedule {
    count: usize,
    /// The number of the first watched key.
    first: usize,
    began: Instant,
    watched: Mutex<HashMap<usize, Instant>>,
}

impl Schedule {
    /// As many as are due in this span, from now on.
    pub(super) fn begin(span: Duration, first: usize) -> Arc<Self> {
        Arc::new(Self {
            count: (span.as_secs_f64() * PER_SECOND as f64) as usize,
            first,
            began: Instant::now(),
            watched: Mutex::default(),
        })
    }

    /// How many removals there are.
    pub(super) fn count(&self) -> usize {
        self.count
    }

    /// How many removals are done in how long, if that was just now.
    pub(super) fn done(&self) -> (usize, Duration) {
        (self.count, self.began.elapsed())
    }

    /// The turns of one instance.
    pub(super) fn turns(self: &Arc<Self>, instance: usize) -> Turns {
        Turns {
            schedule: self.clone(),
            next: instance,
        }
    }

    /// How long watched removals took, from their beginning until each of these arrivals.
    pub(super) fn latencies(
        &self,
        arrivals: impl IntoIterator<Item = (usize, Instant)>,
    ) -> Result<Latencies> {
        let watched = self.watched.lock().unwrap_or_else(PoisonError::into_inner);
        let mut latencies = Latencies::default();
        for (number, at) in arrivals {
            let began = watched.get(&number).context("nobody removed this key")?;
            latencies.record(at.saturating_duration_since(*began));
        }
        Ok(latencies)
    }

    fn key(&self, turn: usize) -> String {
        if !turn.is_multiple_of(WATCHED) {
            return format!("bench:item:{turn}");
        }
        let number = self.first + turn / WATCHED;
        let mut watched = self.watched.lock().unwrap_or_else(PoisonError::into_inner);
        watched.insert(number, Instant::now());
        watched_key(number)
    }
}

pub(super) fn watched_key(number: usize) -> String {
    format!("{PREFIX}{number}")
}

/// The number of a watched key.
pub(super) fn watched_number(key: &str) -> Option<usize> {
    key.strip_prefix(PREFIX)?.parse().ok()
}

/// The watched keys of a span that others than this instance remove, counted from zero.
pub(super) fn watched_by(instance: usize, span: Duration) -> impl Iterator<Item = usize> {
    let count = (span.as_secs_f64() * PER_SECOND as f64) as usize;
    let turns = (0..count).step_by(WATCHED).enumerate();
    turns.filter_map(move |(number, turn)| (turn % INSTANCES != instance).then_some(number))
}

/// The turns of one instance.
pub(super) struct Turns {
    schedule: Arc<Schedule>,
    next: usize,
}

impl Turns {
    /// The key to remove next, as soon as it is due.
    pub(super) async fn next(&mut self) -> Option<String> {
        let turn = self.next;
        if turn >= self.schedule.count {
            return None;
        }
        self.next += INSTANCES;
        let due = Duration::from_secs_f64(turn as f64 / PER_SECOND as f64);
        tokio::time::sleep_until((self.schedule.began + due).into()).await;
        Some(self.schedule.key(turn))
    }
}
