//! How stale the readers were, in numbers.

use std::time::Duration;

use crate::{Rule, Source, Verdict};

/// What became of many reads.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    sources: [Staleness; Source::ALL.len()],
    violations: [u64; Rule::ALL.len()],
}

/// How stale the answers of one source were.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq)]
pub struct Staleness {
    /// Reads it answered.
    pub reads: u64,
    /// Those that missed an acknowledged removal when they began.
    pub stale: u64,
    /// The longest staleness of one.
    pub longest: Duration,
}

impl Figures {
    /// Counts a verdict.
    pub fn record(&mut self, verdict: &Verdict) {
        let one = Staleness {
            reads: 1,
            stale: u64::from(!verdict.staleness.is_zero()),
            longest: verdict.staleness,
        };
        self.sources[verdict.read.source as usize].add(&one);
        if let Some(violation) = &verdict.violation {
            self.violations[violation.rule as usize] += 1;
        }
    }

    /// Adds the figures of other reads.
    pub fn add(&mut self, other: &Self) {
        for (mine, theirs) in self.sources.iter_mut().zip(&other.sources) {
            mine.add(theirs);
        }
        for (mine, theirs) in self.violations.iter_mut().zip(other.violations) {
            *mine += theirs;
        }
    }

    /// What one source answered.
    pub fn of(&self, source: Source) -> Staleness {
        self.sources[source as usize]
    }

    /// What all sources answered.
    pub fn total(&self) -> Staleness {
        let mut total = Staleness::default();
        for staleness in &self.sources {
            total.add(staleness);
        }
        total
    }

    /// Reads that broke this rule.
    pub fn broken(&self, rule: Rule) -> u64 {
        self.violations[rule as usize]
    }

    /// Reads that broke any rule.
    pub fn violations(&self) -> u64 {
        self.violations.iter().sum()
    }
}

impl Staleness {
    fn add(&mut self, other: &Self) {
        self.reads += other.reads;
        self.stale += other.stale;
        self.longest = self.longest.max(other.longest);
    }
}
