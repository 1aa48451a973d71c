//! Whole runs, on a hub in this process.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that panics has failed, and this is how a test fails"
)]

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use unstale::{Config, Hub};
use workload::{
    Delay, Offer, Origin, Plan, Preset, Read, Removal, Report, Row, Subject, Unstale, run,
};

fn plan(preset: &str) -> Plan {
    let mut plan = Plan::new(Preset::named(preset).unwrap());
    plan.preset.groups = 50;
    plan.span = Duration::from_millis(600);
    plan.database_read = Delay::fixed(Duration::from_millis(2));
    plan.database_write = Delay::fixed(Duration::from_millis(1));
    plan.trace_length = 1 << 14;
    plan.max_staleness = Duration::from_millis(200);
    plan
}

async fn on_hub(plan: &Plan) -> Report {
    let mut config = Config::default();
    config.max_staleness = plan.max_staleness;
    config.stream.poll_interval = plan.max_staleness / 4;
    let instances = Unstale::on_hub(&Hub::new(), config, 3, plan.preset.ttl)
        .await
        .unwrap();
    run(plan, &instances, |_| ()).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn workers_hit_miss_and_write_and_nothing_is_stale() {
    let report = on_hub(&plan("one-to-one")).await;
    assert!(report.reads.l1 > 0 && report.reads.l2 > 0 && report.reads.source > 0);
    assert!(report.all_writes() > 0 && report.queries > 0);
    assert!(report.hit_rate() > 0.0 && report.hit_rate() < 1.0);
    assert_eq!(report.staleness.violations(), 0, "{:?}", report.staleness);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn posts_remove_whole_feeds_by_pattern() {
    let report = on_hub(&plan("feed")).await;
    assert!(report.all_writes() > 0 && report.reads.l1 > 0);
    assert_eq!(report.staleness.violations(), 0, "{:?}", report.staleness);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rate_is_kept_and_compared_with_the_oracle() {
    let mut plan = plan("inventory");
    plan.offer = Offer::Rate(500.0);
    plan.with_oracle = true;
    let report = on_hub(&plan).await;
    let done = (report.all_reads() + report.all_writes()) as f64;
    // A machine that is busy starts later, and so does fewer.
    assert!((100.0..=320.0).contains(&done), "{done} operations");
    let oracle = report.oracle_queries.unwrap();
    assert!(oracle > 0 && oracle <= report.all_reads());
    // Joining and waiting may save a query that the oracle makes, but not half of them.
    assert!(
        report.queries * 2 > oracle,
        "{} and {oracle}",
        report.queries
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_done_while_caches_warm_up_does_not_count() {
    let mut plan = plan("one-to-one");
    plan.preset.reads = 1.0;
    plan.warm_up = plan.span;
    let report = on_hub(&plan).await;
    // Whatever there is has been loaded by then.
    assert_eq!((report.queries, report.reads.source), (0, 0));
    assert_eq!(report.reads.l1, report.all_reads());
    assert_eq!(report.current_hit_rate(), 1.0);
    assert!(report.span < plan.span * 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn progress_is_told_until_the_end() {
    let plan = plan("documents");
    let config = Config::default();
    let instances = Unstale::on_hub(&Hub::new(), config, 2, plan.preset.ttl)
        .await
        .unwrap();
    let mut told = Vec::new();
    let report = run(&plan, &instances, |progress| told.push(*progress)).await;
    let report = report.unwrap().to_string();
    assert!(told.len() >= 2 && told.last().is_some_and(|last| last.settling));
    assert!(told[0].elapsed >= Duration::from_millis(400) && !told[0].settling);
    for figure in ["Hit rate", "Write latency", "queries/s", "Stale reads: 0"] {
        assert!(report.contains(figure), "{figure} is missing in {report}");
    }
}

/// A cache that never hears of anything.
#[derive(Clone, Default)]
struct Deaf(Arc<Mutex<HashMap<String, u64>>>);

impl Subject for Deaf {
    async fn read<Loading>(&self, key: &str, load: impl FnOnce() -> Loading + Send) -> Option<Read>
    where
        Loading: Future<Output = Row> + Send,
    {
        let held = self.0.lock().unwrap().get(key).copied();
        let version = match held {
            Some(version) => version,
            None => {
                let loaded = load().await.version;
                self.0.lock().unwrap().insert(key.to_owned(), loaded);
                loaded
            }
        };
        Some(Read {
            version,
            origin: Origin::Cache,
        })
    }

    async fn invalidate(&self, removal: Removal<'_>) -> bool {
        if let Removal::Keys(keys) = removal {
            let mut held = self.0.lock().unwrap();
            held.retain(|key, _| !keys.contains(&key.as_str()));
        }
        true
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn instances_that_do_not_hear_of_one_another_are_found_out() {
    let mut plan = plan("one-to-one");
    // An instance drops its copy when it writes the row itself, which is soon on a fast machine.
    plan.max_staleness = Duration::from_millis(10);
    let report = run(&plan, &[Deaf::default(), Deaf::default()], |_| ()).await;
    let report = report.unwrap();
    assert!(report.current_hit_rate() < report.hit_rate());
    let staleness = report.staleness;
    assert!(
        staleness.behind > 0 && staleness.too_old > 0,
        "{staleness:?}"
    );
    assert!(staleness.at_rest > 0 && staleness.violations() > 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cache_that_keeps_what_was_loaded_before_a_removal_loses_own_writes() {
    let mut plan = plan("one-to-one");
    plan.preset.groups = 2;
    let report = run(&plan, &[Deaf::default()], |_| ()).await.unwrap();
    assert!(report.staleness.own_writes_lost > 0);
}

#[tokio::test]
async fn plans_that_cannot_be_carried_out_say_why() {
    let mut impossible = plan("one-to-one");
    impossible.offer = Offer::Rate(0.0);
    let error = run(&impossible, &[Deaf::default()], |_| ()).await;
    assert!(error.unwrap_err().to_string().contains("0 operations"));
    impossible.offer = Offer::Workers(0);
    assert!(run(&impossible, &[Deaf::default()], |_| ()).await.is_err());
    assert!(run::<Deaf>(&plan("one-to-one"), &[], |_| ()).await.is_err());
}
