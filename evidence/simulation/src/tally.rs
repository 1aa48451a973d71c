//! How much of everything there was.

use std::collections::BTreeMap;

use history::Figures;
use parking_lot::Mutex;
use unstale::Cache;

/// Counts what happens in a run.
#[derive(Default)]
pub(crate) struct Tally(Mutex<Totals>);

/// How much of everything there was, in one run or many.
#[derive(Clone, Default, Debug)]
pub struct Totals {
    /// Runs.
    pub runs: u64,
    /// What users asked for, by verb.
    pub verbs: BTreeMap<&'static str, u64>,
    /// What went wrong, by kind.
    pub faults: BTreeMap<&'static str, u64>,
    /// Messages that met with an accident.
    pub accidents: u64,
    /// Events in the traces.
    pub events: u64,
    /// Times that an instance found out that it had missed something.
    pub gaps: u64,
    /// Times that an instance took up the log.
    pub resyncs: u64,
    /// Times that too many pending removals became one ban.
    pub collapsed: u64,
    /// Virtual time, in nanoseconds.
    pub nanos: u128,
    /// What was read, and how stale it was.
    pub figures: Figures,
}

impl Tally {
    pub(crate) fn verb(&self, verb: &'static str) {
        *self.0.lock().verbs.entry(verb).or_default() += 1;
    }

    pub(crate) fn fault(&self, fault: &'static str) {
        *self.0.lock().faults.entry(fault).or_default() += 1;
    }

    /// What an instance that ends has found missing.
    pub(crate) fn count_losses(&self, cache: &Cache) {
        let invalidations = cache.invalidations();
        let mut totals = self.0.lock();
        totals.gaps += invalidations.gaps;
        totals.resyncs += invalidations.resyncs;
        totals.collapsed += invalidations.collapsed;
    }

    pub(crate) fn totals(&self) -> Totals {
        self.0.lock().clone()
    }
}

impl Totals {
    /// Adds those of other runs.
    pub fn add(&mut self, other: &Self) {
        self.runs += other.runs;
        for (mine, theirs) in [
            (&mut self.verbs, &other.verbs),
            (&mut self.faults, &other.faults),
        ] {
            for (name, count) in theirs {
                *mine.entry(name).or_default() += count;
            }
        }
        self.accidents += other.accidents;
        self.events += other.events;
        self.gaps += other.gaps;
        self.resyncs += other.resyncs;
        self.collapsed += other.collapsed;
        self.nanos += other.nanos;
        self.figures.add(&other.figures);
    }
}
