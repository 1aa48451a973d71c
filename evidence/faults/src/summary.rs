//! What a run showed: the header, the table, and whether everything held.

use std::{
    fmt,
    time::{Duration, Instant},
};

use anyhow::Result;

use history::{Figures, Source, Violation};

use crate::{
    field::{Field, Setup},
    footprint::Footprint,
    judging::Judged,
    keyspace::Key,
    options::SubjectKind,
    run::{AFTER, BEFORE},
    schedule::Strike,
    settings,
    strike::Aftermath,
    table::Table,
};

/// After the faults at most this part of all reads may be hits that were hits before.
const HIT_RATE_MARGIN: f64 = 0.1;

/// What is printed of what did not hold.
const SHOWN: usize = 40;

/// Everything but what the judge knows.
pub(crate) struct Summary {
    seed: u64,
    setup: Setup,
    server: String,
    pub(crate) table: Table,
    pub(crate) propagation: Propagation,
    pub(crate) began: Instant,
    pub(crate) took: Duration,
    /// What the run was asked for, but for the seed.
    arguments: String,
    footprints: Option<(Footprint, Footprint)>,
    /// What did not hold, besides what the judge found.
    problems: Vec<String>,
}

/// How long others' removals take to get to an instance.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Propagation {
    p50: Duration,
    p99: Duration,
}

impl Propagation {
    /// This or that of another instance, in nanoseconds, whichever is slower.
    pub(crate) fn slower(self, (p50, p99): (u64, u64)) -> Self {
        Self {
            p50: self.p50.max(Duration::from_nanos(p50)),
            p99: self.p99.max(Duration::from_nanos(p99)),
        }
    }
}

impl Summary {
    pub(crate) fn new(seed: u64, setup: &Setup, field: &Field) -> Self {
        Self {
            seed,
            setup: *setup,
            server: field.servers().described(),
            table: Table::default(),
            propagation: Propagation::default(),
            began: Instant::now(),
            took: Duration::ZERO,
            arguments: arguments(),
            footprints: None,
            problems: Vec::new(),
        }
    }

    pub(crate) fn header(&self) -> String {
        let subject = match self.setup.subject {
            SubjectKind::Unstale => "",
            SubjectKind::CacheAside => ", cache-aside in the place of Unstale",
        };
        let divided = match self.setup.partitions {
            1 => String::new(),
            several => format!("{several} partitions, "),
        };
        format!(
            "faults: {}, {}, {divided}{} instances as tasks and {} as processes, seed {}{subject}\n{}",
            self.server,
            self.setup.transport,
            self.setup.tasks,
            self.setup.processes,
            self.seed,
            settings::summary()
        )
    }

    /// How far it is, in one line.
    pub(crate) fn status(&self, (reads, violations): (u64, u64), doing: &str) -> String {
        let (detected, expected) = self.table.detections();
        format!(
            "{:>6.1} s  {reads:>9} reads, {violations} violations, {} faults, detected \
             {detected}/{expected}  {doing}",
            self.began.elapsed().as_secs_f64(),
            self.table.strikes(),
        )
    }

    /// Takes note of a strike; answers what did not hold.
    pub(crate) fn record(&mut self, strike: &Strike, aftermath: Result<Aftermath>) -> Vec<String> {
        let name = strike.kind.name;
        let problems = match aftermath {
            Ok(aftermath) => {
                self.table.record(name, &aftermath);
                aftermath.problems(name)
            }
            Err(error) => vec![format!("the run ended early: {error:#}")],
        };
        self.problems.extend_from_slice(&problems);
        problems
    }

    /// Takes note of what was taken up before and after.
    pub(crate) fn compare(&mut self, before: Footprint, after: Footprint) {
        self.footprints = Some((before, after));
        let leaks = after.leaks_since(&before);
        self.problems.extend(
            leaks
                .into_iter()
                .map(|leak| format!("something leaked: {leak}")),
        );
    }

    /// Whether everything held.
    pub(crate) fn holds(&self, judged: &Judged) -> bool {
        self.problems_with(judged).is_empty()
    }

    /// The report with what the judge says.
    pub(crate) fn with<'a>(&'a self, judged: &'a Judged) -> impl fmt::Display + 'a {
        Report {
            summary: self,
            judged,
        }
    }

    fn problems_with(&self, judged: &Judged) -> Vec<String> {
        let mut problems = self.problems.clone();
        problems.extend(judged.wrong.iter().cloned());
        for (phase, tally) in &judged.phases {
            let shortest = tally.shortest.values();
            problems.extend(shortest.map(|violation| shown(phase, violation)));
        }
        if judged.late > 0 {
            problems.push(format!(
                "{} events were reported too late to be judged right",
                judged.late
            ));
        }
        if judged.reads() == 0 {
            problems.push("nothing was read, so nothing was shown".into());
        }
        let (before, after) = (hit_rate(judged, BEFORE), hit_rate(judged, AFTER));
        if after + HIT_RATE_MARGIN < before {
            problems.push(format!(
                "the hit rate was {before:.3} before the faults and is {after:.3} after them"
            ));
        }
        problems
    }
}

/// A violation in words.
pub(crate) fn shown(phase: &str, violation: &Violation) -> String {
    let number = violation.read.key;
    let name = Key::all().find(|key| key.number() == number);
    let name = name.map(|key| key.to_string()).unwrap_or_default();
    format!("under `{phase}`: {violation}\n  (key {number} is `{name}`)")
}

/// The arguments of this program without `--seed`, each behind a space.
fn arguments() -> String {
    let mut text = String::new();
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        if argument == "--seed" {
            arguments.next();
        } else if !argument.starts_with("--seed=") {
            let quote = if argument.contains(' ') { "'" } else { "" };
            text = format!("{text} {quote}{argument}{quote}");
        }
    }
    text
}

/// Reads that did not wait for a loader, among all of a phase.
fn hit_rate(judged: &Judged, phase: &str) -> f64 {
    let none = Figures::default();
    let figures = judged
        .phases
        .get(phase)
        .map_or(&none, |tally| &tally.figures);
    let hits = figures.of(Source::L1).reads + figures.of(Source::L2).reads;
    match figures.total().reads {
        0 => 0.0,
        reads => hits as f64 / reads as f64,
    }
}

struct Report<'a> {
    summary: &'a Summary,
    judged: &'a Judged,
}

impl fmt::Display for Report<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Report { summary, judged } = self;
        writeln!(f, "{}\n", summary.header())?;
        writeln!(f, "{}\n", summary.table.with(judged))?;
        let (detected, expected) = summary.table.detections();
        writeln!(
            f,
            "{} reads judged in {:.0} s ({:.0} per second), {} violations; {} faults, {detected} of {expected} losses detected in time",
            judged.reads(),
            summary.took.as_secs_f64(),
            judged.reads() as f64 / summary.took.as_secs_f64().max(0.001),
            judged.violations(),
            summary.table.strikes(),
        )?;
        writeln!(
            f,
            "Propagation without faults: p50 {:?}, p99 {:?} (of the slowest instance)",
            summary.propagation.p50, summary.propagation.p99
        )?;
        writeln!(
            f,
            "Hit rate: {:.3} before the faults, {:.3} after them",
            hit_rate(judged, BEFORE),
            hit_rate(judged, AFTER)
        )?;
        if let Some((before, after)) = &summary.footprints {
            writeln!(f, "Before the faults: {before}; after them: {after}")?;
        }
        let problems = summary.problems_with(judged);
        if problems.is_empty() {
            return write!(f, "Everything held.");
        }
        writeln!(f, "\n{} things did not hold:", problems.len())?;
        for problem in problems.iter().take(SHOWN) {
            writeln!(f, "\n{problem}")?;
        }
        if let Some(more) = problems.len().checked_sub(SHOWN).filter(|more| *more > 0) {
            writeln!(f, "\nand {more} more")?;
        }
        write!(
            f,
            "\nThe same schedule again: cargo xtask faults --seed {}{}",
            summary.seed, summary.arguments
        )
    }
}
