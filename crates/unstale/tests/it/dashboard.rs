//! The Grafana dashboard asks for metrics that there are, and for all of them.

use std::collections::BTreeSet;
use std::fs;

use serde_json::Value;
use unstale::metrics::{ALL, Kind, Metric};

fn dashboard() -> Value {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../dashboards/unstale.json");
    serde_json::from_str(&fs::read_to_string(file).unwrap()).unwrap()
}

/// Everything that is asked of Prometheus: by panels, and for the choices above them.
fn queries(value: &Value) -> Vec<String> {
    match value {
        Value::Object(fields) => fields
            .iter()
            .flat_map(|(name, value)| match value.as_str() {
                Some(text) if name == "expr" || name == "definition" => vec![text.to_owned()],
                _ => queries(value),
            })
            .collect(),
        Value::Array(values) => values.iter().flat_map(queries).collect(),
        _ => Vec::new(),
    }
}

/// The series that a query names, each with the labels it selects by.
fn selected(query: &str) -> Vec<(String, BTreeSet<String>)> {
    let is_name = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    let mut selected = Vec::new();
    let mut rest = query;
    while let Some(at) = rest.find("unstale_") {
        rest = &rest[at..];
        let end = rest.find(|letter| !is_name(letter)).unwrap_or(rest.len());
        let (name, after) = rest.split_at(end);
        let labels = match after.strip_prefix('{') {
            Some(labels) => labels.split_once('}').expect("a closing brace").0,
            None => "",
        };
        let labels = labels.split(", ").filter(|label| !label.is_empty());
        let labels = labels.map(|label| {
            let end = label.find(['=', '!']).expect("an operator");
            label[..end].to_owned()
        });
        selected.push((name.to_owned(), labels.collect()));
        rest = after;
    }
    selected
}

fn metric_of(series: &str) -> Option<&'static Metric> {
    ALL.iter()
        .find(|metric| metric.series().iter().any(|name| name == series))
}

#[test]
fn every_series_it_asks_for_is_published_with_these_labels() {
    let dashboard = dashboard();
    let queries = queries(&dashboard);
    assert!(queries.len() > 20, "{queries:?}");
    for query in &queries {
        let selected = selected(query);
        assert!(!selected.is_empty(), "{query}");
        for (series, labels) in selected {
            let metric = metric_of(&series);
            let metric = metric.unwrap_or_else(|| panic!("there is no {series}: {query}"));
            for label in labels {
                let is_there = ["namespace", "instance"].contains(&&*label)
                    || metric.labels.contains(&&*label)
                    || (label == "le" && series.ends_with("_bucket"));
                assert!(is_there, "{series} has no label {label}: {query}");
            }
        }
    }
}

#[test]
fn every_metric_is_shown() {
    let dashboard = dashboard();
    let panels = queries(&dashboard["panels"]);
    let shown: BTreeSet<_> = panels.iter().flat_map(|query| selected(query)).collect();
    let shown: BTreeSet<_> = shown.iter().map(|(series, _)| series.as_str()).collect();
    for metric in ALL {
        for series in metric.series() {
            assert!(shown.contains(series.as_str()), "{series} is on no panel");
        }
    }
}

/// What only grows says nothing as it is.
#[test]
fn counters_are_asked_for_their_growth() {
    for query in queries(&dashboard()["panels"]) {
        for (series, _) in selected(&query) {
            let counts = metric_of(&series).is_some_and(|metric| metric.kind != Kind::Gauge);
            let grows = [format!("rate({series}{{"), format!("increase({series}{{")];
            let asked = grows.iter().any(|asked| query.contains(asked));
            assert_eq!(asked, counts, "{query}");
        }
    }
}

/// By any label that the metric has, and no other.
#[test]
fn sums_keep_labels_that_there_are() {
    for query in queries(&dashboard()["panels"]) {
        for by in query.split("by (").skip(1) {
            let (labels, of) = by.split_once(')').unwrap();
            let (series, _) = selected(of).remove(0);
            let metric = metric_of(&series).unwrap();
            for label in labels.split(", ") {
                let is_there = ["namespace", "instance"].contains(&label)
                    || metric.labels.contains(&label)
                    || (label == "le" && series.ends_with("_bucket"));
                assert!(is_there, "{series} has no label {label}: {query}");
            }
        }
        let depth = |open, close| query.matches(open).count() == query.matches(close).count();
        assert!(
            depth('(', ')') && depth('{', '}') && depth('[', ']'),
            "{query}"
        );
    }
}

/// Grafana moves panels that overlap, and confuses those with the same id.
#[test]
fn panels_have_ids_and_places_of_their_own() {
    let dashboard = dashboard();
    let panels = dashboard["panels"].as_array().unwrap();
    let ids: BTreeSet<_> = panels
        .iter()
        .map(|panel| panel["id"].as_u64().unwrap())
        .collect();
    assert_eq!(ids.len(), panels.len());
    let mut taken = BTreeSet::new();
    for panel in panels {
        let side = |name: &str| panel["gridPos"][name].as_u64().unwrap();
        assert!(side("x") + side("w") <= 24, "{}", panel["title"]);
        for x in side("x")..side("x") + side("w") {
            for y in side("y")..side("y") + side("h") {
                assert!(taken.insert((x, y)), "{} lies on another", panel["title"]);
            }
        }
        let text = |name: &str| panel[name].as_str().is_some_and(|text| !text.is_empty());
        assert!(text("title") && text("type"), "{panel}");
    }
    assert_eq!(dashboard["schemaVersion"], 39);
    assert_eq!(dashboard["uid"], "unstale");
}
