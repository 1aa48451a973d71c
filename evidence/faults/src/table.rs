//! The report: a line for every fault.

use std::{collections::BTreeMap, fmt, time::Duration};

use history::Figures;

use crate::{detection::Detection, judging::Judged, strike::Aftermath};

/// What one fault led to, over all its strikes.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Row {
    strikes: u64,
    detected: u64,
    missed: u64,
    longest_detection: Duration,
    longest_recovery: Duration,
}

/// Rows by fault, in the order in which they came first.
#[derive(Clone, Debug, Default)]
pub(crate) struct Table {
    order: Vec<&'static str>,
    rows: BTreeMap<&'static str, Row>,
}

impl Table {
    /// A phase without a fault.
    pub(crate) fn phase(&mut self, name: &'static str) -> &mut Row {
        if !self.order.contains(&name) {
            self.order.push(name);
        }
        self.rows.entry(name).or_default()
    }

    pub(crate) fn record(&mut self, name: &'static str, aftermath: &Aftermath) {
        let row = self.phase(name);
        row.strikes += 1;
        row.longest_recovery = row.longest_recovery.max(aftermath.recovery);
        for (_, detection) in &aftermath.detections {
            let after = match detection {
                Detection::InTime(after) => {
                    row.detected += 1;
                    after
                }
                Detection::Missed(after) => {
                    row.missed += 1;
                    after
                }
            };
            row.longest_detection = row.longest_detection.max(Duration::from_nanos(*after));
        }
    }

    pub(crate) fn strikes(&self) -> u64 {
        self.rows.values().map(|row| row.strikes).sum()
    }

    /// Losses that were noticed, and those that had to be.
    pub(crate) fn detections(&self) -> (u64, u64) {
        let detected: u64 = self.rows.values().map(|row| row.detected).sum();
        let missed: u64 = self.rows.values().map(|row| row.missed).sum();
        (detected, detected + missed)
    }

    /// The table with what the judge says.
    pub(crate) fn with<'a>(&'a self, judged: &'a Judged) -> impl fmt::Display + 'a {
        Judgement {
            table: self,
            judged,
        }
    }
}

struct Judgement<'a> {
    table: &'a Table,
    judged: &'a Judged,
}

const HEADINGS: [&str; 7] = [
    "times",
    "reads",
    "violations",
    "staleness",
    "detected",
    "detection",
    "recovery",
];

impl fmt::Display for Judgement<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.table.order.iter().map(|name| name.len());
        let width = names.max().unwrap_or_default().max("all faults".len());
        write!(f, "{:width$}", "fault")?;
        for heading in HEADINGS {
            write!(f, " {heading:>10}")?;
        }
        let (mut all, mut total) = (Row::default(), Figures::default());
        for name in &self.table.order {
            let row = self.table.rows.get(name).cloned().unwrap_or_default();
            let tally = self.judged.phases.get(name);
            let figures = tally.map(|tally| tally.figures.clone()).unwrap_or_default();
            line(f, width, name, &row, &figures)?;
            if row.strikes > 0 {
                all.add(&row);
                total.add(&figures);
            }
        }
        line(f, width, "all faults", &all, &total)
    }
}

fn line(
    f: &mut fmt::Formatter<'_>,
    width: usize,
    name: &str,
    row: &Row,
    figures: &Figures,
) -> fmt::Result {
    let total = figures.total();
    let expected = row.detected + row.missed;
    let (detected, detection) = match expected {
        0 => ("-".into(), "-".into()),
        _ => (
            format!("{}/{expected}", row.detected),
            millis(row.longest_detection),
        ),
    };
    let (times, recovery) = match row.strikes {
        0 => ("-".into(), "-".into()),
        strikes => (strikes.to_string(), millis(row.longest_recovery)),
    };
    write!(f, "\n{name:width$}")?;
    let cells = [
        times,
        total.reads.to_string(),
        figures.violations().to_string(),
        millis(total.longest),
        detected,
        detection,
        recovery,
    ];
    cells.iter().try_for_each(|cell| write!(f, " {cell:>10}"))
}

fn millis(span: Duration) -> String {
    format!("{:.1} ms", span.as_secs_f64() * 1000.0)
}

impl Row {
    fn add(&mut self, other: &Self) {
        self.strikes += other.strikes;
        self.detected += other.detected;
        self.missed += other.missed;
        self.longest_detection = self.longest_detection.max(other.longest_detection);
        self.longest_recovery = self.longest_recovery.max(other.longest_recovery);
    }
}
