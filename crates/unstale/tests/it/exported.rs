//! The metrics that a scrape gets.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use metrics_util::MetricKind;
use metrics_util::debugging::{DebugValue, DebuggingRecorder};
use unstale::metrics::{ALL, Kind};
use unstale::{Cache, Config};

use crate::bed::{Bed, Transport, on_every_transport};
use crate::l1_l2::{caught_up, number, set, two};

on_every_transport!(every_metric_is_published_with_the_librarys_own_figures);

/// The value of a series, by its name and labels.
type Series = BTreeMap<(String, BTreeMap<String, String>), f64>;

fn published(cache: &Cache) -> (Series, BTreeMap<String, MetricKind>) {
    let recorder = DebuggingRecorder::new();
    metrics::with_local_recorder(&recorder, || cache.publish_metrics());
    let mut series = Series::new();
    let mut kinds = BTreeMap::new();
    for (key, _, help, value) in recorder.snapshotter().snapshot().into_vec() {
        let (kind, key) = key.into_parts();
        assert!(help.is_some(), "{key} is not described");
        let labels = key.labels();
        let labels = labels.map(|label| (label.key().to_owned(), label.value().to_owned()));
        let value = match value {
            DebugValue::Counter(value) => value as f64,
            DebugValue::Gauge(value) => value.into_inner(),
            DebugValue::Histogram(_) => panic!("{key} is a histogram of the facade"),
        };
        kinds.insert(key.name().to_owned(), kind);
        let before = series.insert((key.name().to_owned(), labels.collect()), value);
        assert_eq!(before, None, "{key} is there twice");
    }
    (series, kinds)
}

/// The value of the series that has these labels beside the instance's own.
fn value(series: &Series, name: &str, labels: &[(&str, &str)]) -> f64 {
    let own = [("namespace", "unstale"), ("instance", "a")];
    let labels = own.iter().chain(labels);
    let labels = labels.map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    let key = (name.to_owned(), labels.collect());
    *series
        .get(&key)
        .unwrap_or_else(|| panic!("{key:?}: {series:#?}"))
}

async fn every_metric_is_published_with_the_librarys_own_figures(transport: Transport) {
    let bed = Bed::start(transport);
    let (a, b) = two(&bed).await;
    for cache in [&a, &b] {
        set(cache, "item:1", 1).await;
        for key in ["item:1", "item:1", "item:1", "item:2"] {
            number(cache, key).await;
        }
        cache.remove_pattern("other:*").await;
    }
    let newest = b.remove("item:1").await;
    caught_up(&a, &newest).await;
    let (series, kinds) = published(&a);

    let names: BTreeSet<_> = ALL.iter().flat_map(|metric| metric.series()).collect();
    assert_eq!(kinds.keys().cloned().collect::<BTreeSet<_>>(), names);
    for metric in ALL {
        for name in metric.series() {
            let counter = metric.kind != Kind::Gauge && !name.ends_with("_sum");
            assert_eq!(kinds[&name] == MetricKind::Counter, counter, "{name}");
            let mut expected = BTreeSet::from(["namespace", "instance"]);
            expected.extend(metric.labels);
            expected.extend(name.ends_with("_bucket").then_some("le"));
            for (_, labels) in series.keys().filter(|(other, _)| *other == name) {
                let labels: BTreeSet<_> = labels.keys().map(String::as_str).collect();
                assert_eq!(labels, expected, "{name}");
            }
        }
    }

    let stats = &a.effectiveness().patterns[0];
    let pattern = ("pattern", "item:*");
    let figure = |name, labels: &[_]| value(&series, name, &[&[pattern], labels].concat());
    assert_eq!(
        figure("unstale_hits_total", &[("tier", "l1")]),
        stats.l1_hits as f64
    );
    assert_eq!(
        figure("unstale_hits_total", &[("tier", "l2")]),
        stats.l2_hits as f64
    );
    assert!(stats.l1_hits > 0 && stats.l2_hits > 0);
    assert_eq!(figure("unstale_misses_total", &[]), stats.misses as f64);
    let reads = figure("unstale_read_duration_seconds_count", &[]);
    assert!(reads > 0.0);
    assert_eq!(
        figure("unstale_read_duration_seconds_bucket", &[("le", "+Inf")]),
        reads
    );
    assert!(figure("unstale_read_duration_seconds_bucket", &[("le", "0.001")]) <= reads);
    assert!(figure("unstale_read_duration_seconds_sum", &[]) > 0.0);

    let invalidations = a.invalidations();
    assert_eq!(
        value(&series, "unstale_invalidations_total", &[]),
        invalidations.total as f64
    );
    assert_eq!(
        value(&series, "unstale_received_total", &[]),
        invalidations.received as f64
    );
    assert!(value(&series, "unstale_propagation_seconds_count", &[]) > 0.0);
    assert_eq!(value(&series, "unstale_proven", &[]), 1.0);
    assert_eq!(value(&series, "unstale_lag_entries", &[]), 0.0);
    assert_eq!(value(&series, "unstale_bans", &[]), a.health().bans as f64);
    for (state, is_in) in [("closed", 1.0), ("half-open", 0.0), ("open", 0.0)] {
        assert_eq!(
            value(&series, "unstale_breaker_state", &[("state", state)]),
            is_in
        );
    }
}

/// The metric that operators watch has to show an outage, not the last good figure.
#[tokio::test]
async fn the_age_of_a_proof_grows_while_there_is_none() {
    let mut config = Config::default();
    config.redis.connect_to("127.0.0.1:1".parse().unwrap());
    let cache = Cache::builder().config(config).instance_name("a");
    let cache = cache.build().await.unwrap();
    let age = || value(&published(&cache).0, "unstale_proof_age_seconds", &[]);
    let first = age();
    testbed::eventually("it grows", crate::bed::PATIENCE, || async {
        age() > first + Duration::from_millis(1).as_secs_f64()
    })
    .await;
    let (series, _) = published(&cache);
    assert_eq!(value(&series, "unstale_proven", &[]), 0.0);
    assert_eq!(
        value(&series, "unstale_breaker_state", &[("state", "closed")]),
        0.0
    );
}

#[tokio::test]
async fn the_number_of_series_is_bounded_whatever_the_keys() {
    let cache = Cache::builder().build().await.unwrap();
    for number in 0..1_000 {
        let letters: String = format!("{number:03}")
            .bytes()
            .map(|digit| char::from(digit - b'0' + b'a'))
            .collect();
        cache.get::<u32>(&format!("{letters}:1")).await;
    }
    let (series, _) = published(&cache);
    let patterns: BTreeSet<_> = series
        .keys()
        .filter_map(|(_, labels)| labels.get("pattern"))
        .collect();
    assert_eq!(patterns.len(), 101, "{patterns:?}");
}

#[tokio::test]
async fn without_a_recorder_nothing_happens() {
    let cache = Cache::builder().build().await.unwrap();
    number(&cache, "item:1").await;
    cache.publish_metrics();
}
