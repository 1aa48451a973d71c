//! How operations are handed to the instances.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::task::JoinSet;
use tokio::time::MissedTickBehavior;

use super::field::Field;
use crate::subject::Subject;

/// How many operations a worker does before it tells.
const TELL_AFTER: u64 = 64;

/// How often operations are begun that have come due: as often as the timer allows.
const TICK: Duration = Duration::from_millis(1);

/// Workers that do one operation after the other, each from another place of the trace.
pub(super) fn by_workers<S: Subject>(
    field: &Arc<Field<S>>,
    each: usize,
    workers: &mut JoinSet<()>,
) {
    let instances = field.subjects.len();
    let apart = field.trace.len() / (instances * each).max(1);
    for worker in 0..instances * each {
        let field = field.clone();
        workers.spawn(async move {
            let mut done = 0;
            while !field.is_stopped() {
                let operation = field.trace.at(worker * apart + done as usize);
                field.perform(worker % instances, operation).await;
                done += 1;
                if done % TELL_AFTER == 0 {
                    field.did(TELL_AFTER);
                }
                // A hit in memory never waits, and would keep its thread.
                tokio::task::coop::consume_budget().await;
            }
            field.did(done % TELL_AFTER);
        });
    }
}

/// One source of operations for each instance: they begin when they are due, whether earlier ones
/// are done or not.
pub(super) fn by_rate<S: Subject>(field: &Arc<Field<S>>, rate: f64, sources: &mut JoinSet<()>) {
    let instances = field.subjects.len();
    for instance in 0..instances {
        let field = field.clone();
        sources.spawn(async move {
            let mut under_way = JoinSet::new();
            let mut ticks = tokio::time::interval(TICK);
            ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
            let (began, mut begun) = (Instant::now(), 0);
            while !field.is_stopped() {
                ticks.tick().await;
                let due = (began.elapsed().as_secs_f64() * rate / instances as f64) as usize;
                while begun < due {
                    let operation = field.trace.at(begun * instances + instance);
                    begun += 1;
                    let field = field.clone();
                    under_way.spawn(async move {
                        field.perform(instance, operation).await;
                        field.did(1);
                    });
                }
                while under_way.try_join_next().is_some() {}
            }
            while under_way.join_next().await.is_some() {}
        });
    }
}
