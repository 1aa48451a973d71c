//! How thoroughly this run measures.

use std::time::Duration;

use crate::measure::{Progress, Rounds};

/// How thoroughly this run measures.
#[derive(Debug)]
pub struct Run {
    /// Seven minutes for everything, instead of twenty.
    pub quick: bool,
    /// Only those are measured in whose name this is found.
    pub only: Option<String>,
    /// Whoever waits.
    pub progress: Progress,
}

impl Run {
    /// The rounds of a row.
    pub fn rounds(&self) -> Rounds<'_> {
        self.of(if self.quick { 5 } else { 7 })
    }

    /// The rounds of a row of which each takes seconds.
    pub fn few_rounds(&self) -> Rounds<'_> {
        self.of(if self.quick { 3 } else { 5 })
    }

    /// How long something that is given `full` time takes.
    pub fn span(&self, full: Duration) -> Duration {
        if self.quick { full / 5 } else { full }
    }

    /// How often something is done that is done `full` times.
    pub fn count(&self, full: usize) -> usize {
        if self.quick { full / 5 } else { full }
    }

    fn of(&self, count: usize) -> Rounds<'_> {
        Rounds {
            count,
            only: self.only.as_deref(),
            progress: &self.progress,
        }
    }
}
