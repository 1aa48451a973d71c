//! One key that everybody reads and that is written all the time: 10,000 reads and 1,000 removals a
//! second on two instances, loads that take 20 ms.
//!
//! A load takes as long as twenty removals, so hardly any of them may be kept.

use std::time::Duration;

use anyhow::Result;
use workload::{Delay, Offer, Plan, Preset, Report, Subject};

use super::Row;
use crate::measure::{Contender, Figure, Outcome, Target, Unit};
use crate::setup::{Bed, Run, fresh_ours, fresh_theirs};

pub(super) const ROW: Row = Row {
    name: "hot-key",
    title: "one key, 10,000 reads and 1,000 removals a second",
    measure,
};

const INSTANCES: usize = 2;
const LOADING: &str = "loads at a time";
const LOADS: &str = "loads for each removal";
const STALE: &str = "stale reads";
const P99: &str = "read p99";

fn measure(run: &Run) -> Result<Outcome> {
    let bed = Bed::start()?;
    let mut plan = Plan::new(Preset::named("one-to-one")?);
    plan.preset.groups = 1;
    plan.preset.reads = 10.0 / 11.0;
    plan.offer = Offer::Rate(11_000.0);
    plan.span = run.span(Duration::from_secs(5)).max(Duration::from_secs(2));
    plan.database_read = Delay::fixed(Duration::from_millis(20));
    plan.database_write = Delay::fixed(Duration::ZERO);
    plan.trace_length = 1 << 18;
    let ttl = plan.preset.ttl;
    let rounds = run.few_rounds();
    let contenders = vec![
        Contender::new("unstale", |round| {
            figures(
                &bed,
                &plan,
                &fresh_ours(&bed, INSTANCES, ttl)?,
                round == rounds.count,
            )
        }),
        Contender::new("multi-tier-cache", |round| {
            figures(
                &bed,
                &plan,
                &fresh_theirs(&bed, INSTANCES, ttl)?,
                round == rounds.count,
            )
        }),
    ];
    let mut outcome = Outcome::of(rounds.interleave(contenders)?);
    for (who, most) in [
        (
            "unstale",
            [
                Target::AtMost(2.0),
                Target::AtMost(1.0),
                Target::AtMost(0.0),
            ],
        ),
        ("multi-tier-cache", [Target::None; 3]),
    ] {
        let [loading, loads, stale] = most;
        let what = |what: &str| format!("hot key, {who}: {what}");
        outcome.claim_value(
            &what("most loads at a time on an instance"),
            [who, LOADING],
            loading,
        );
        outcome.claim_value(&what(LOADS), [who, LOADS], loads);
        outcome.claim_value(&what(STALE), [who, STALE], stale);
        outcome.claim_value(&what(P99), [who, P99], Target::None);
    }
    Ok(outcome)
}

fn figures<S: Subject>(
    bed: &Bed,
    plan: &Plan,
    subjects: &[S],
    settles: bool,
) -> Result<Vec<Figure>> {
    let mut plan = plan.clone();
    plan.settles = settles;
    let report = bed.block_on(workload::run(&plan, subjects, |_| ()))?;
    let Report {
        most_loading,
        queries,
        staleness,
        ..
    } = &report;
    let slowest = [report.hit_latency, report.miss_latency];
    let slowest = slowest.into_iter().flatten().map(|read| read.p99).max();
    Ok(vec![
        Figure::new(LOADING, Unit::Count, f64::from(*most_loading)),
        Figure::new(
            LOADS,
            Unit::Count,
            *queries as f64 / report.all_writes().max(1) as f64,
        ),
        Figure::new(STALE, Unit::Count, staleness.violations() as f64),
        Figure::new(
            P99,
            Unit::Nanoseconds,
            slowest.unwrap_or_default().as_nanos() as f64,
        ),
    ])
}
