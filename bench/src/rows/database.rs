//! As many writes as reads, four instances: how often is the database asked?
//!
//! A perfect cache knows of every write the moment it is committed, and takes no time. It gets the
//! same reads and writes at the same times. Operations begin when they are due, whether earlier
//! ones are done or not.

use std::time::Duration;

use anyhow::Result;
use workload::{Offer, Plan, Preset};

use super::Row;
use crate::measure::{Contender, Figure, Outcome, Target, Unit};
use crate::setup::{Bed, Run, fresh_ours};

pub(super) const ROW: Row = Row {
    name: "database",
    title: "database queries at 1:1, beside a cache that knows every write at once",
    measure,
};

const INSTANCES: usize = 4;
const QUERIES: &str = "queries";
const PERFECT: &str = "a perfect cache";
const ORACLE: &str = "queries of a perfect cache";
const LESS: &str = "fewer queries than without a cache";
const STALE: &str = "stale reads";

fn measure(run: &Run) -> Result<Outcome> {
    let bed = Bed::start()?;
    let mut plan = Plan::new(Preset::named("one-to-one")?);
    plan.offer = Offer::Rate(4000.0);
    plan.span = run.span(Duration::from_secs(10));
    plan.warm_up = plan.span / 2;
    plan.with_oracle = true;
    let rounds = run.few_rounds();
    let mut last = None;
    let ours = Contender::new("unstale", |round| {
        let mut plan = plan.clone();
        plan.seed = round as u64;
        plan.settles = round == rounds.count;
        // An empty cache every time, as the perfect one is empty.
        let instances = fresh_ours(&bed, INSTANCES, plan.preset.ttl)?;
        let report = bed.block_on(workload::run(&plan, &instances, |_| ()))?;
        let oracle = report.oracle_queries.unwrap_or_default() as f64;
        let figures = vec![
            Figure::new(QUERIES, Unit::Count, report.queries as f64),
            Figure::new(ORACLE, Unit::Count, oracle),
            Figure::new(LESS, Unit::Share, report.hit_rate()),
            Figure::new(STALE, Unit::Count, report.staleness.violations() as f64),
        ];
        last = Some(report);
        Ok(figures)
    });
    let mut series = rounds.interleave(vec![ours])?;
    for each in series.iter_mut().filter(|each| each.measure == ORACLE) {
        (each.contender, each.measure) = (PERFECT.to_owned(), QUERIES.to_owned());
    }
    let mut outcome = Outcome::of(series);
    let of = |measure| ["unstale", measure];
    outcome.claim_ratio(
        "queries at 1:1, beside a perfect cache",
        of(QUERIES),
        [PERFECT, QUERIES],
        Target::AtMost(1.05),
    );
    outcome.claim_value(
        "queries at 1:1: fewer than without a cache",
        of(LESS),
        Target::None,
    );
    outcome.claim_value("stale reads at 1:1", of(STALE), Target::AtMost(0.0));
    outcome
        .reports
        .extend(last.map(|report| report.to_string()));
    Ok(outcome)
}
