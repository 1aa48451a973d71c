//! What more instances and more removals cost: 1, 8, 32 and 64 instances, at two rates.
//!
//! All instances are in this one process, and each hears of every removal, so the processor time of
//! the process is for one removal sent and as many received as there are instances.

use std::fs;
use std::time::Duration;

use anyhow::{Context as _, Result};

use super::turns::{Pace, Schedule};
use super::{CPU, RATE, figures, ours};
use crate::measure::{Contender, Figure, Outcome, Target, Unit};
use crate::rows::Row;
use crate::setup::{Bed, Log, Run, config};

pub(in crate::rows) const ROW: Row = Row {
    name: "scale",
    title: "1 to 64 instances, 1,000 and 10,000 removals a second, one server",
    measure,
};

const INSTANCES: [usize; 4] = [1, 8, 32, 64];

const RATES: [usize; 2] = [1_000, 10_000];

const CONNECTIONS: &str = "connections";
const SENT: &str = "bytes from the server for each removal";
const OURS: &str = "processor time of all instances for each removal";

/// In which the kernel counts processor time, whatever its own clock is.
const TICKS_PER_SECOND: f64 = 100.0;

fn measure(run: &Run) -> Result<Outcome> {
    let bed = Bed::start()?;
    let span = run.span(Duration::from_secs(4));
    let paces = RATES.into_iter().flat_map(|per_second| {
        INSTANCES.map(|instances| Pace {
            instances,
            per_second,
        })
    });
    let named: Vec<_> = paces.map(|pace| (pace.to_string(), pace)).collect();
    let contenders = named.iter().map(|(name, pace)| {
        let bed = &bed;
        Contender::new(name, move |round| turn(bed, *pace, span, round * 10_000))
    });
    let mut outcome = Outcome::of(run.few_rounds().interleave(contenders.collect())?);
    for (name, _) in &named {
        for measure in [RATE, "p50", "p99", CONNECTIONS, SENT, CPU, OURS] {
            let what = format!("{name}: {measure}");
            outcome.claim_value(&what, [name, measure], Target::None);
        }
    }
    Ok(outcome)
}

fn turn(bed: &Bed, pace: Pace, span: Duration, first: usize) -> Result<Vec<Figure>> {
    let started = bed.block_on(ours::start(&config(bed, Log::Stream)?, pace.instances))?;
    let held = bed.block_on(ours::hold(&started, pace, span, first))?;
    let connections = bed.connections()?;
    let (sent, used) = (bed.server_sent()?, used()?);
    let mut removed = 0.0;
    let mut all = figures(bed, || {
        let schedule = Schedule::begin(pace, span, first);
        let turn = bed.block_on(ours::measured(&started, schedule, held))?;
        removed = turn.removed as f64;
        Ok(turn)
    })?;
    let sent = (bed.server_sent()? - sent) / removed;
    let used = (self::used()? - used) / removed;
    all.push(Figure::new(CONNECTIONS, Unit::Count, connections));
    all.push(Figure::new(SENT, Unit::Bytes, sent));
    all.push(Figure::new(OURS, Unit::Nanoseconds, used));
    bed.block_on(async {
        for cache in &started {
            cache.close().await;
        }
    });
    Ok(all)
}

/// The processor time that this process has used so far, in nanoseconds.
fn used() -> Result<f64> {
    let path = "/proc/self/stat";
    let stat = fs::read_to_string(path).with_context(|| format!("cannot read {path}"))?;
    // The name of the program, in parentheses, may contain anything; 11 fields after it comes what
    // it has used, and what the kernel has used for it.
    let fields = stat.rsplit(')').next().unwrap_or_default();
    let ticks = fields.split_whitespace().skip(11).take(2);
    let ticks = ticks.map(str::parse::<f64>).sum::<Result<f64, _>>();
    Ok(ticks.with_context(|| format!("{path} has another form"))? / TICKS_PER_SECOND * 1e9)
}
