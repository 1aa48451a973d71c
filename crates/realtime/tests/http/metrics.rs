//! What Prometheus scrapes.

use std::collections::{BTreeMap, BTreeSet};

use unstale::metrics::{ALL, Kind};

use crate::service::Service;

/// The samples of a scrape: name, labels and value.
fn samples(text: &str) -> Vec<(&str, BTreeMap<&str, &str>, f64)> {
    let lines = text
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines
        .map(|line| {
            let (series, value) = line.rsplit_once(' ').unwrap();
            let (name, labels) = series.strip_suffix('}').unwrap().split_once('{').unwrap();
            let labels = labels.split("\",").map(|label| {
                let (name, value) = label.split_once("=\"").unwrap();
                (name, value.trim_end_matches('"'))
            });
            (name, labels.collect(), value.parse().unwrap())
        })
        .collect()
}

pub(crate) async fn every_metric_of_both_instances_is_there(service: &Service) {
    for instance in [&service.a, &service.b] {
        for _ in 0..3 {
            instance.get("/api/Inventory/1").await.with(200);
        }
    }
    for instance in [&service.a, &service.b] {
        let answer = instance.get("/metrics").await;
        assert!(
            answer.content_type.starts_with("text/plain; version=0.0.4"),
            "{answer:?}"
        );
        let body = answer.with(200);
        let text = body.as_str().unwrap();
        let samples = samples(text);
        let heads = text
            .lines()
            .filter(|line| line.starts_with("# TYPE "))
            .count();
        assert_eq!(heads, ALL.len(), "each is told of once");
        let expected: BTreeSet<_> = ALL.iter().flat_map(|metric| metric.series()).collect();
        for name in ["a", "b"] {
            let of_instance = samples
                .iter()
                .filter(|(_, labels, _)| labels["instance"] == name);
            let names: BTreeSet<_> = of_instance.map(|(name, ..)| (*name).to_owned()).collect();
            assert_eq!(names, expected, "{name}");
            let hits: f64 = samples
                .iter()
                .filter(|(metric, labels, _)| {
                    *metric == "unstale_hits_total"
                        && labels["instance"] == name
                        && labels["pattern"] == "inventory:stock:*"
                })
                .map(|(.., value)| value)
                .sum();
            assert!(hits >= 2.0, "{name}: {text}");
        }
        let namespaces: BTreeSet<_> = samples
            .iter()
            .map(|(_, labels, _)| labels["namespace"])
            .collect();
        assert_eq!(namespaces, BTreeSet::from(["RealTimeApp"]));
        for metric in ALL {
            let kind = match metric.kind {
                Kind::Gauge => "gauge",
                Kind::Counter => "counter",
                _ => "histogram",
            };
            let name = metric.name;
            for head in [
                format!("# HELP {name} {}\n", metric.help),
                format!("# TYPE {name} {kind}\n"),
            ] {
                assert_eq!(text.matches(&head).count(), 1, "{head}");
            }
        }
    }
}

pub(crate) async fn a_write_shows_at_the_next_scrape(service: &Service) {
    let removals = async || {
        let body = service.a.get("/metrics").await.with(200);
        let samples = samples(body.as_str().unwrap());
        let sum = |instance: &str| -> f64 {
            let ours = samples.iter().filter(|(name, labels, _)| {
                *name == "unstale_invalidations_total" && labels["instance"] == instance
            });
            ours.map(|(.., value)| value).sum()
        };
        (sum("a"), sum("b"))
    };
    let before = removals().await;
    service
        .a
        .put("/api/StockPrices/MSFT", serde_json::json!(411))
        .await
        .written(204);
    assert_eq!(removals().await, (before.0 + 1.0, before.1));
}
