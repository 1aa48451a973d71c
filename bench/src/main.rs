//! `cargo xtask bench`: measures the rows of the table, and says what came of them.

mod machine;

use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context as _, Result};
use bench::measure::{Outcome, Progress, Verdict, table};
use bench::options::Options;
use bench::rows::{self, Row};
use bench::setup::{Bed, Run, fresh_ours};
use clap::Parser as _;
use machine::Machine;
use serde::Serialize;
use workload::{Plan, Preset};

fn main() -> ExitCode {
    run(&Options::parse()).unwrap_or_else(|error| {
        eprintln!("error: {error:#}");
        ExitCode::FAILURE
    })
}

fn run(options: &Options) -> Result<ExitCode> {
    if let Some(preset) = &options.workload {
        return workload(preset, options).map(|()| ExitCode::SUCCESS);
    }
    let rows = match options.instructions {
        true => vec![rows::INSTRUCTIONS],
        false => rows::named(&options.rows)?,
    };
    let mut run = Run {
        quick: options.quick,
        only: options.only.clone(),
        progress: Progress::new(rows.len()),
    };
    if options.record {
        return rows::record(&run).map(|()| ExitCode::SUCCESS);
    }
    let machine = Machine::this()?;
    let mut measured = Vec::new();
    for row in &rows {
        run.progress.row(row.title);
        let outcome = row.measure(&run);
        measured.push((row, outcome.with_context(|| format!("row `{}`", row.name))?));
    }
    run.progress.done();
    print(&machine, &measured);
    if let Some(file) = &options.json {
        let text = serde_json::to_string_pretty(&Results::new(options, &machine, &measured))?;
        std::fs::write(file, text).with_context(|| format!("cannot write {}", file.display()))?;
    }
    let has = |verdict| measured.iter().any(|(_, outcome)| outcome.has(verdict));
    let failed = options.check && (has(Verdict::Missed) || has(Verdict::NotMeasured));
    Ok(if failed {
        eprintln!("error: not every target was met; the table says which");
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    })
}

fn print(machine: &Machine, measured: &[(&Row, Outcome)]) {
    println!("{machine}\n");
    println!(
        "{}",
        table(measured.iter().map(|(row, outcome)| (row.name, outcome)))
    );
    for report in measured.iter().flat_map(|(_, outcome)| &outcome.reports) {
        println!("{report}\n");
    }
}

/// Everything, for machines.
#[derive(Serialize)]
struct Results<'a> {
    quick: bool,
    machine: &'a Machine,
    rows: Vec<Measured<'a>>,
}

#[derive(Serialize)]
struct Measured<'a> {
    row: &'a str,
    title: &'a str,
    verdicts: Vec<Verdict>,
    #[serde(flatten)]
    outcome: &'a Outcome,
}

impl<'a> Results<'a> {
    fn new(options: &Options, machine: &'a Machine, measured: &'a [(&Row, Outcome)]) -> Self {
        let rows = measured.iter().map(|(row, outcome)| Measured {
            row: row.name,
            title: row.title,
            verdicts: outcome.claims.iter().map(|claim| claim.verdict()).collect(),
            outcome,
        });
        Self {
            quick: options.quick,
            machine,
            rows: rows.collect(),
        }
    }
}

/// Runs one workload on four instances.
fn workload(preset: &str, options: &Options) -> Result<()> {
    let mut preset = Preset::named(preset)?;
    if let Some(ratio) = &options.ratio {
        preset = preset.with_ratio(ratio)?;
    }
    let mut plan = Plan::new(preset);
    plan.with_oracle = true;
    if options.quick {
        plan.span = Duration::from_secs(3);
    }
    let bed = Bed::start()?;
    let instances = fresh_ours(&bed, 4, plan.preset.ttl)?;
    let report = workload::run(&plan, &instances, |progress| eprintln!("{progress}"));
    println!("{}", bed.block_on(report)?);
    Ok(())
}
