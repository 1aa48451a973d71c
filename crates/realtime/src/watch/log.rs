use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use serde::Serialize;
use tokio::sync::broadcast;
use unstale::{Event, Events, Removal, Removed};

use super::histogram::Histogram;
use crate::live::{Board, locked};

/// How many lines wait for a page; a slower one misses the oldest.
const KEPT: usize = 512;
/// How many keys of one entry are shown.
const SHOWN: usize = 8;

/// What was heard of the log, on all instances.
pub(crate) struct Log {
    lines: broadcast::Sender<Line>,
    pub(super) propagation: Histogram,
    falls: Mutex<HashMap<(usize, String), Fall>>,
}

/// The last time that a watched copy fell because another instance removed it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fall {
    pub(super) took: Duration,
    pub(super) at: Instant,
}

/// One thing that happened on one instance.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Line {
    /// Which of the process's instances.
    instance: usize,
    kind: Kind,
    position: String,
    /// The first of the keys and bans.
    changes: Vec<String>,
    /// How many there are beyond those.
    more: usize,
    /// From the sending until now.
    micros: Option<u64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
enum Kind {
    Sent,
    Received,
    Resynchronised,
    Missed,
}

impl Log {
    pub(crate) fn new() -> Self {
        Self {
            lines: broadcast::Sender::new(KEPT),
            propagation: Histogram::default(),
            falls: Mutex::default(),
        }
    }

    /// The lines from now on.
    pub(crate) fn lines(&self) -> broadcast::Receiver<Line> {
        self.lines.subscribe()
    }

    /// When the copy of a watched key last fell on an instance.
    pub(super) fn fall(&self, instance: usize, key: &str) -> Option<Fall> {
        locked(&self.falls)
            .get(&(instance, key.to_owned()))
            .copied()
    }

    fn happened(&self, instance: usize, event: &Event) {
        if let Event::Received(removal) = event {
            self.propagation.record(removal.took);
            self.fell(instance, removal);
        }
        if let Some(line) = Line::of(instance, event) {
            // Nobody need be looking.
            let _ = self.lines.send(line);
        }
    }

    fn fell(&self, instance: usize, removal: &Removal) {
        let fall = Fall {
            took: removal.took,
            at: Instant::now(),
        };
        let mut falls = locked(&self.falls);
        for removed in &*removal.removed {
            if let Removed::Key(key) = removed
                && is_watched(key)
            {
                falls.insert((instance, key.to_string()), fall);
            }
        }
    }
}

/// Only the copies of these keys are shown, so no more need be remembered.
fn is_watched(key: &str) -> bool {
    let symbol = key.strip_prefix("stock:price:");
    symbol.is_some_and(|symbol| super::WATCHED.contains(&symbol))
}

impl Line {
    fn of(instance: usize, event: &Event) -> Option<Self> {
        let line = |kind, position: &str| Self {
            instance,
            kind,
            position: position.to_owned(),
            changes: vec![],
            more: 0,
            micros: None,
        };
        let removal = |kind, removal: &Removal| Self {
            changes: removal
                .removed
                .iter()
                .take(SHOWN)
                .map(ToString::to_string)
                .collect(),
            more: removal.removed.len().saturating_sub(SHOWN),
            micros: u64::try_from(removal.took.as_micros()).ok(),
            ..line(kind, &removal.position)
        };
        Some(match event {
            Event::Sent(sent) => removal(Kind::Sent, sent),
            Event::Received(received) => removal(Kind::Received, received),
            Event::Resynchronised { position } => line(Kind::Resynchronised, position),
            Event::Missed(_) => line(Kind::Missed, ""),
            _ => return None,
        })
    }

    /// Stands for lines that a page was too slow for.
    pub(crate) fn missed() -> Self {
        Self {
            instance: 0,
            kind: Kind::Missed,
            position: String::new(),
            changes: vec![],
            more: 0,
            micros: None,
        }
    }
}

/// Takes down what happens on one instance, until its cache is gone.
pub(crate) async fn follow(mut events: Events, instance: usize, board: Arc<Board>) {
    while let Some(event) = events.next().await {
        board.log.happened(instance, &event);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_watched_keys_are_remembered() {
        assert!(is_watched("stock:price:CALM"));
        for other in ["stock:price:ENRN", "product:1", "CALM"] {
            assert!(!is_watched(other), "{other}");
        }
    }
}
