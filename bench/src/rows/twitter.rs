//! The trace of a production cache, as fast as each cache can: Twitter's cluster 14 reads in 65% of
//! its operations and removes or sets in the others.
//!
//! Four instances with 256 workers each, a database that takes 1 ms. Whatever is not a read writes
//! the row and removes its key. Without any cache, the same shows what the workload itself takes.
//! Statistics: Yang, Yue, Rashmi, OSDI 2020, CC BY 4.0.

use std::time::Duration;

use anyhow::Result;
use workload::{Delay, Offer, Plan, Preset, Subject};

use super::Row;
use crate::measure::{Contender, Figure, Outcome, Target, Unit};
use crate::setup::{Bed, Run, Uncached, fresh_ours, fresh_theirs};

pub(super) const ROW: Row = Row {
    name: "twitter",
    title: "Twitter's cluster 14, as fast as possible",
    measure,
};

const INSTANCES: usize = 4;
const WORKERS: usize = 256;

const BARE: &str = "no cache";

const RATE: &str = "operations";
const HITS: &str = "hit rate";
/// A hit that no cache of the world can have without being stale counts for nothing.
const CURRENT: &str = "rate of hits no older than a load";
const CURRENT_WHAT: &str = "cluster 14: rate of hits no older than a load would be, times";
const STALE: &str = "stale reads";
const BEST: &str = "hit rate of a perfect cache";
const BEHIND: &str = "reads within the bound";

fn measure(run: &Run) -> Result<Outcome> {
    let bed = Bed::start()?;
    let mut plan = Plan::new(Preset::named("twitter-cluster14")?);
    plan.offer = Offer::Workers(WORKERS);
    plan.span = run.span(Duration::from_secs(5));
    plan.database_read = Delay::fixed(Duration::from_millis(1));
    plan.database_write = Delay::fixed(Duration::from_millis(1));
    plan.warm_up = plan.span / 2;
    plan.with_oracle = true;
    let ttl = plan.preset.ttl;
    let rounds = run.few_rounds();
    let (mut our_report, mut their_report, mut bare_report) = (None, None, None);
    let contenders = vec![
        Contender::new("unstale", |round| {
            let ours = fresh_ours(&bed, INSTANCES, ttl)?;
            figures(&bed, &plan, &ours, round == rounds.count, &mut our_report)
        }),
        Contender::new("multi-tier-cache", |round| {
            let theirs = fresh_theirs(&bed, INSTANCES, ttl)?;
            figures(
                &bed,
                &plan,
                &theirs,
                round == rounds.count,
                &mut their_report,
            )
        }),
        Contender::new(BARE, |_| {
            let bare = [Uncached; INSTANCES];
            figures(&bed, &plan, &bare, false, &mut bare_report)
        }),
    ];
    let mut outcome = Outcome::of(rounds.interleave(contenders)?);
    let [of_ours, of_theirs] =
        ["unstale", "multi-tier-cache"].map(|who| move |measure| [who, measure]);
    for (what, measure, target) in [
        ("cluster 14: operations, times", RATE, Target::AtLeast(3.0)),
        (CURRENT_WHAT, CURRENT, Target::AtLeast(1.0)),
        (
            "cluster 14: hit rate, stale ones included, times",
            HITS,
            Target::None,
        ),
    ] {
        outcome.claim_ratio(what, of_ours(measure), of_theirs(measure), target);
    }
    for (who, of) in [
        ("unstale", of_ours(RATE)),
        ("multi-tier-cache", of_theirs(RATE)),
    ] {
        let what = format!("cluster 14, {who}: operations, beside the workload alone");
        outcome.claim_ratio(&what, of, [BARE, RATE], Target::None);
    }
    outcome.claim_value(
        "cluster 14: stale reads",
        of_ours(STALE),
        Target::AtMost(0.0),
    );
    outcome.claim_value(
        "cluster 14, multi-tier-cache: stale reads",
        of_theirs(STALE),
        Target::None,
    );
    for (who, of) in [
        ("unstale", of_ours("")[0]),
        ("multi-tier-cache", of_theirs("")[0]),
    ] {
        let what =
            format!("cluster 14, {who}: hit rate beside a perfect cache on what it was asked");
        outcome.claim_ratio(&what, [of, HITS], [of, BEST], Target::None);
        let what = format!("cluster 14, {who}: {BEHIND}");
        outcome.claim_value(&what, [of, BEHIND], Target::None);
    }
    let named = [("Unstale", our_report), ("multi-tier-cache", their_report)];
    let named = named.map(|(who, report)| report.map(|report| format!("{who}: {report}")));
    outcome.reports.extend(named.into_iter().flatten());
    Ok(outcome)
}

fn figures<S: Subject>(
    bed: &Bed,
    plan: &Plan,
    subjects: &[S],
    settles: bool,
    last: &mut Option<String>,
) -> Result<Vec<Figure>> {
    let mut plan = plan.clone();
    plan.settles = settles;
    let report = bed.block_on(workload::run(&plan, subjects, |_| ()))?;
    *last = Some(report.to_string());
    let best = 1.0 - report.oracle_queries.unwrap_or_default() as f64 / report.all_reads() as f64;
    let count = |measure, count: u64| Figure::new(measure, Unit::Count, count as f64);
    Ok(vec![
        Figure::new(RATE, Unit::PerSecond, report.operations_per_second()),
        Figure::new(HITS, Unit::Share, report.hit_rate()),
        Figure::new(CURRENT, Unit::Share, report.current_hit_rate()),
        Figure::new(BEST, Unit::Share, best),
        count(STALE, report.staleness.violations()),
        count(BEHIND, report.staleness.behind),
    ])
}
