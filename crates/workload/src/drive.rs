//! Runs a plan: the load, then a look for what stays stale.

mod field;
mod load;
mod settle;

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::task::JoinSet;

use self::field::Field;
use crate::error::WorkloadError;
use crate::oracle::Oracle;
use crate::plan::{Offer, Plan};
use crate::progress::Progress;
use crate::report::Report;
use crate::subject::Subject;

/// How often progress is told.
const TELL_EVERY: Duration = Duration::from_millis(500);

/// Runs a plan on these instances and says what came of it. `watch` hears how far it has come.
///
/// The caches must not hold values of an earlier run: they would count as stale.
///
/// # Errors
/// When the plan cannot be carried out.
pub async fn run<S: Subject>(
    plan: &Plan,
    subjects: &[S],
    mut watch: impl FnMut(&Progress),
) -> Result<Report, WorkloadError> {
    if subjects.is_empty() {
        return Err(WorkloadError::Plan("there is no instance".into()));
    }
    let field = Arc::new(Field::new(plan, subjects.to_vec())?);
    let began = Instant::now();
    let mut workers = JoinSet::new();
    match plan.offer {
        Offer::Workers(0) => return Err(WorkloadError::Plan("there is no worker".into())),
        Offer::Workers(each) => load::by_workers(&field, each, &mut workers),
        Offer::Rate(rate) if rate.is_finite() && rate > 0.0 => {
            load::by_rate(&field, rate, &mut workers);
        }
        Offer::Rate(rate) => {
            return Err(WorkloadError::Plan(format!(
                "{rate} operations per second cannot be done"
            )));
        }
    }
    let progress = |settling| Progress {
        elapsed: began.elapsed(),
        span: plan.warm_up + plan.span,
        operations: field.operations(),
        violations: field.violations(),
        settling,
    };
    wait_until(began + plan.warm_up, || watch(&progress(false))).await;
    wait_until(began + plan.warm_up + plan.span, || watch(&progress(false))).await;
    let span = began.elapsed().saturating_sub(plan.warm_up);
    field.stop();
    while let Some(worked) = workers.join_next().await {
        worked.map_err(|error| WorkloadError::Plan(error.to_string()))?;
    }
    let tally = field.tally();
    let (queries, most_loading) = (field.database.queries(), field.database.most_loading());
    let mut stale_at_rest = 0;
    if plan.settles {
        watch(&progress(true));
        stale_at_rest = settle::stale_at_rest(&field).await;
    }
    let oracle = plan.with_oracle.then(|| {
        let oracle = Oracle {
            keyspace: &field.keyspace,
            fan_out: plan.preset.fan_out,
            ttl: plan.preset.ttl,
            read: plan.database_read,
            seed: plan.seed,
        };
        oracle.queries(&tally.arrivals, plan.warm_up)
    });
    let propagation = subjects.iter().filter_map(Subject::propagation);
    Ok(Report::new(
        plan,
        subjects.len(),
        span,
        tally,
        crate::report::Counted {
            queries,
            most_loading,
            stale_at_rest,
            oracle,
            propagation: propagation.max_by_key(|propagation| propagation.p99),
        },
    ))
}

/// Waits, and tells now and then.
async fn wait_until(end: Instant, mut tell: impl FnMut()) {
    while let rest = end.saturating_duration_since(Instant::now())
        && !rest.is_zero()
    {
        tokio::time::sleep(rest.min(TELL_EVERY)).await;
        tell();
    }
}
