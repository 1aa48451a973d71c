//! 32 instances that remove 10,000 keys a second between them, on one server.
//!
//! By hand: 32 connections that follow a Stream with XREAD, and 32 that send XADD and DEL in one
//! transaction for each removal. Of the removals, 50 a second are watched: every other instance
//! holds a copy that notices when it is dropped. Processor time is the server's own account.

mod by_hand;
mod ours;
pub(super) mod scale;
mod turns;

use std::time::Duration;

use anyhow::Result;

use self::turns::{Pace, Schedule};
use super::Row;
use crate::measure::{Contender, Figure, Latencies, Outcome, Target, Unit};
use crate::setup::{Bed, Log, Raw, Run, config};

pub(super) const ROW: Row = Row {
    name: "many-instances",
    title: "32 instances, 10,000 removals a second, one server",
    measure,
};

const PACE: Pace = Pace {
    instances: 32,
    per_second: 10_000,
};

/// Nobody takes longer to get the last removal.
const PATIENCE: Duration = Duration::from_secs(20);

const CPU: &str = "server time for each removal";
const RATE: &str = "removals";

/// What one turn of a contender gives.
struct Turn {
    latencies: Latencies,
    removed: usize,
    took: Duration,
}

fn measure(run: &Run) -> Result<Outcome> {
    let bed = Bed::start()?;
    let span = run.span(Duration::from_secs(5));
    let config = config(&bed, Log::Stream)?;
    let ours = bed.block_on(ours::start(&config, PACE.instances))?;
    let raw = || -> Result<Vec<Raw>> {
        let all = (0..PACE.instances).map(|_| bed.block_on(Raw::connect(&bed.url())));
        all.collect()
    };
    let (sending, reading) = (raw()?, raw()?);
    let contenders = vec![
        Contender::new("unstale", |round| {
            let first = round * 10_000;
            let held = bed.block_on(ours::hold(&ours, PACE, span, first))?;
            figures(&bed, || {
                let schedule = Schedule::begin(PACE, span, first);
                bed.block_on(ours::measured(&ours, schedule, held))
            })
        }),
        Contender::new("by hand", |_| {
            figures(&bed, || {
                bed.block_on(by_hand::measured(&sending, &reading, span))
            })
        }),
    ];
    let mut outcome = Outcome::of(run.few_rounds().interleave(contenders)?);
    let what = |what: &str| format!("32 instances, 10,000/s: {what}");
    let [done, p99, cpu] = [RATE, "p99", CPU].map(|measure| ["unstale", measure]);
    outcome.claim_value(&what("removals done"), done, Target::AtLeast(9_500.0));
    let by_hand = ["by hand", RATE];
    outcome.claim_ratio(&what("removals done"), done, by_hand, Target::None);
    outcome.claim_value(&what("propagation p99"), p99, Target::AtMost(20e6));
    outcome.claim_ratio(
        &what("propagation p99"),
        p99,
        ["by hand", "p99"],
        Target::None,
    );
    outcome.claim_ratio(&what(CPU), cpu, ["by hand", CPU], Target::AtMost(1.5));
    Ok(outcome)
}

/// Latencies, how many removals a second, and what each cost the server.
fn figures(bed: &Bed, turn: impl FnOnce() -> Result<Turn>) -> Result<Vec<Figure>> {
    let before = bed.server_time()?;
    let Turn {
        latencies,
        removed,
        took,
    } = turn()?;
    let cpu = (bed.server_time()? - before) / removed as f64;
    let mut figures = latencies.figures("");
    let rate = removed as f64 / took.as_secs_f64();
    figures.push(Figure::new(RATE, Unit::PerSecond, rate));
    figures.push(Figure::new(CPU, Unit::Nanoseconds, cpu));
    Ok(figures)
}
