//! Who removes what when.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};

use crate::measure::Latencies;

/// So many removals a second are watched.
const WATCHED_PER_SECOND: usize = 50;

/// What every watched key begins with.
const PREFIX: &str = "bench:watched:";

/// How many remove how often.
#[derive(Copy, Clone)]
pub(super) struct Pace {
    pub(super) instances: usize,
    /// All of them together.
    pub(super) per_second: usize,
}

impl fmt::Display for Pace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} instances, {}/s", self.instances, self.per_second)
    }
}

impl Pace {
    /// How many removals there are in this span.
    fn count(self, span: Duration) -> usize {
        (span.as_secs_f64() * self.per_second as f64) as usize
    }

    /// One in so many removals is watched.
    fn watched(self) -> usize {
        (self.per_second / WATCHED_PER_SECOND).max(1)
    }

    /// The watched keys of a span that others than this instance remove, counted from zero.
    pub(super) fn watched_by(self, instance: usize, span: Duration) -> impl Iterator<Item = usize> {
        let turns = (0..self.count(span)).step_by(self.watched()).enumerate();
        turns
            .filter_map(move |(number, turn)| (turn % self.instances != instance).then_some(number))
    }
}

/// Removals in a row, done by all instances in turns, each when it is due.
pub(super) struct Schedule {
    pace: Pace,
    count: usize,
    /// The number of the first watched key.
    first: usize,
    began: Instant,
    watched: Mutex<HashMap<usize, Instant>>,
}

impl Schedule {
    /// As many as are due in this span, from now on.
    pub(super) fn begin(pace: Pace, span: Duration, first: usize) -> Arc<Self> {
        Arc::new(Self {
            pace,
            count: pace.count(span),
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
        let watched_one = self.pace.watched();
        if !turn.is_multiple_of(watched_one) {
            return format!("bench:item:{turn}");
        }
        let number = self.first + turn / watched_one;
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
        self.next += self.schedule.pace.instances;
        let due = Duration::from_secs_f64(turn as f64 / self.schedule.pace.per_second as f64);
        tokio::time::sleep_until((self.schedule.began + due).into()).await;
        Some(self.schedule.key(turn))
    }
}
