//! The judge at work: a thread that hears all reports, and counts what each fault led to.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    thread::{self, JoinHandle},
    time::Duration,
};

use anyhow::{Result, anyhow};
use history::{Contract, Figures, Judge, Rule, Verdict, Violation};
use parking_lot::Mutex;

use crate::{
    clock,
    report::{Inbox, Report},
    settings::MAX_STALENESS,
    summary::shown,
};

/// How long the thread waits for a report before it looks around.
const LOOK: Duration = Duration::from_millis(20);

/// Staleness is measured exactly up to this, ten times what is allowed.
const HORIZON: Duration = MAX_STALENESS.saturating_mul(10);

/// What is said of one phase: one fault, or a time without any.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tally {
    pub(crate) figures: Figures,
    /// The easiest to understand of each rule.
    pub(crate) shortest: BTreeMap<&'static str, Violation>,
}

/// Everything that is known so far.
#[derive(Clone, Debug, Default)]
pub(crate) struct Judged {
    /// By phase.
    pub(crate) phases: BTreeMap<&'static str, Tally>,
    /// What no order of events could explain.
    pub(crate) wrong: Vec<String>,
    /// Events that came too late to be judged right; there must be none.
    pub(crate) late: u64,
}

impl Judged {
    pub(crate) fn reads(&self) -> u64 {
        self.phases
            .values()
            .map(|tally| tally.figures.total().reads)
            .sum()
    }

    pub(crate) fn violations(&self) -> u64 {
        let counted: u64 = self
            .phases
            .values()
            .map(|tally| tally.figures.violations())
            .sum();
        counted + self.wrong.len() as u64
    }
}

/// The thread, and what it shares.
pub(crate) struct Judging {
    thread: JoinHandle<()>,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    /// When which phase began. A read belongs to the phase in which it began.
    phases: Mutex<Vec<(u64, &'static str)>>,
    judged: Mutex<Judged>,
    /// The phases and rules of which violations were told.
    told: Mutex<BTreeSet<(&'static str, &'static str)>>,
}

impl Judging {
    pub(crate) fn start(inbox: Inbox) -> Result<Self> {
        let shared = Arc::<Shared>::default();
        let sharing = Arc::clone(&shared);
        let thread = thread::Builder::new()
            .name("judge".into())
            .spawn(move || judge_all(&inbox, &sharing))?;
        Ok(Self { thread, shared })
    }

    /// Another phase begins now.
    pub(crate) fn begin(&self, phase: &'static str) {
        let mut phases = self.shared.phases.lock();
        // Taken under the lock: whoever judges a read that begins later finds the phase here.
        phases.push((clock::now(), phase));
    }

    /// Violations of a rule in a phase where none was known when this was asked before.
    pub(crate) fn news(&self) -> Vec<String> {
        let judged = self.shared.judged.lock();
        let mut told = self.shared.told.lock();
        let all = judged.phases.iter().flat_map(|(phase, tally)| {
            let by_rule = tally.shortest.iter();
            by_rule.map(move |(rule, violation)| ((*phase, *rule), violation))
        });
        all.filter(|(of, _)| told.insert(*of))
            .map(|((phase, _), violation)| shown(phase, violation))
            .collect()
    }

    /// Reads judged and violations found by now.
    pub(crate) fn counts(&self) -> (u64, u64) {
        let judged = self.shared.judged.lock();
        (judged.reads(), judged.violations())
    }

    /// Waits until everything is judged. Nobody may be left who reports.
    pub(crate) fn finish(self) -> Result<Judged> {
        self.thread
            .join()
            .map_err(|_| anyhow!("the judge's thread panicked"))?;
        Ok(self.shared.judged.lock().clone())
    }
}

fn judge_all(inbox: &Inbox, shared: &Shared) {
    let mut judge = Judge::new(Contract::new(MAX_STALENESS).with_horizon(HORIZON));
    let mut heard = 0_u32;
    while let Ok(report) = inbox.next(LOOK) {
        let idle = report.is_none();
        match report {
            Some(Report::Began(reporter)) => judge.expect(reporter),
            Some(Report::Events {
                reporter,
                events,
                watermark,
            }) => judge.report(reporter, events, watermark),
            Some(Report::Ended(reporter)) => judge.retire(reporter),
            Some(Report::Wrong(what)) => shared.judged.lock().wrong.push(what),
            None => {}
        }
        heard += 1;
        if idle || heard.is_multiple_of(32) {
            settle(&mut judge, shared);
        }
    }
    judge.finish();
    settle(&mut judge, shared);
}

/// Counts the verdicts that can be given by now.
fn settle(judge: &mut Judge, shared: &Shared) {
    let verdicts: Vec<_> = judge.verdicts().collect();
    let phases = shared.phases.lock();
    let mut judged = shared.judged.lock();
    judged.late = judge.late();
    for verdict in verdicts {
        let began = verdict.read.began.as_nanos();
        let past = phases.partition_point(|(from, _)| *from <= began);
        let phase = phases[..past].last().map_or("", |(_, phase)| phase);
        judged.phases.entry(phase).or_default().record(verdict);
    }
}

impl Tally {
    fn record(&mut self, verdict: Verdict) {
        self.figures.record(&verdict);
        if let Some(violation) = verdict.violation {
            let rule = name(violation.rule);
            let known = self.shortest.get(rule);
            if known.is_none_or(|known| violation.span() < known.span()) {
                self.shortest.insert(rule, violation);
            }
        }
    }
}

fn name(rule: Rule) -> &'static str {
    match rule {
        Rule::NoStaleFill => "F1",
        Rule::OwnWrites => "F2",
        Rule::BoundedStaleness => "F3",
        Rule::Tokens => "F6",
    }
}
