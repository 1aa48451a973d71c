//! What is printed.

use std::time::{Duration, Instant};

use history::Source;
use simulation::{Guard, Outcome, Plan, Totals, Violation};

pub(crate) fn progress(done: u64, of: u64, began: Instant, seeds: &[u64]) {
    let rate = done as f64 / began.elapsed().as_secs_f64();
    eprintln!("{done:>9} of {of} runs, {rate:.0} a second");
    stuck(seeds);
}

pub(crate) fn stuck(seeds: &[u64]) {
    if !seeds.is_empty() {
        eprintln!("still busy with seed {seeds:?}: something goes round in circles");
    }
}

pub(crate) fn totals(totals: &Totals, took: Duration, threads: usize) {
    let seconds = took.as_secs_f64();
    println!(
        "{} runs in {seconds:.1} s on {threads} threads: {:.0} a second; {:.0} s of virtual time, {} events",
        totals.runs,
        totals.runs as f64 / seconds,
        totals.nanos as f64 / 1e9,
        totals.events,
    );
    counts("asked for", totals.verbs.iter());
    counts("went wrong", totals.faults.iter());
    println!("messages that met with an accident: {}", totals.accidents);
    println!(
        "resynchronisations: {}, of which for something missed: {}; overflows: {}",
        totals.resyncs, totals.gaps, totals.collapsed
    );
    println!(
        "\n{:<8} {:>10} {:>10} {:>12}",
        "read", "reads", "stale", "longest"
    );
    for source in Source::ALL {
        let figures = totals.figures.of(source);
        let longest = figures.longest.as_secs_f64() * 1e3;
        println!(
            "{source:<8} {:>10} {:>10} {longest:>9.0} ms",
            figures.reads, figures.stale
        );
    }
    println!("violations: {}", totals.figures.violations());
}

fn counts<'a>(what: &str, counts: impl Iterator<Item = (&'a &'static str, &'a u64)>) {
    println!("\n{what}:");
    for (name, count) in counts {
        println!("  {count:>9}  {name}");
    }
}

pub(crate) fn trace(plan: &Plan, outcome: &Outcome) {
    println!("{plan}");
    for line in &outcome.trace {
        println!("{line}");
    }
    println!("trace {:016x}\n", outcome.hash);
}

pub(crate) fn smallest((plan, outcome): &(Plan, Outcome)) {
    println!("\nthe smallest run found that fails in the same way:\n");
    trace(plan, outcome);
    if let Some(violation) = &outcome.violation {
        println!("{violation}");
    }
}

pub(crate) fn ablations_head() {
    println!("| broken rule | runs until noticed | by | what it says |\n|---|---|---|---|");
}

pub(crate) fn ablation(guard: Guard, result: &simulation::CampaignResult) {
    let (runs, by) = match result.failures.first() {
        None => (format!("not in {}", result.totals.runs), String::new()),
        Some((seed, violation)) => (format!("{}", seed + 1), kind(violation)),
    };
    println!("| `{guard:?}` | {runs} | {by} | {} |", guard.rule());
}

fn kind(violation: &Violation) -> String {
    match violation {
        Violation::Read(read) => read.rule.to_string(),
        Violation::Rest(_) => "no rest".into(),
        Violation::Stuck => "stuck".into(),
        Violation::Chance => "chance".into(),
    }
}
