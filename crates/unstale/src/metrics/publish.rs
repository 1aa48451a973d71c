//! Handing the figures of one instance to a recorder.

use std::sync::Arc;

use ::metrics::{Key, Label, Level, Metadata, Recorder, SharedString, Unit, with_recorder};

use super::buckets::{BOUNDS, Buckets};
use super::list::{self, ALL, Kind, Metric};
use crate::instance::Instance;
use crate::observe::PatternStats;

const METADATA: Metadata<'static> =
    Metadata::new(module_path!(), Level::INFO, Some(module_path!()));

/// The states that a breaker can be in.
const STATES: [&str; 3] = ["closed", "half-open", "open"];

type Figure = fn(&PatternStats) -> u64;

/// What is counted per pattern.
const PER_PATTERN: [(Metric, Figure); 11] = [
    (list::MISSES, |stats| stats.misses),
    (list::JOINED, |stats| stats.joined),
    (list::LOADS, |stats| stats.loads),
    (list::FILLS, |stats| stats.fills),
    (list::REFUSED_FILLS, |stats| stats.refused_fills),
    (list::OVERSIZED, |stats| stats.oversized),
    (list::UNREADABLE, |stats| stats.unreadable),
    (list::REMOVALS, |stats| stats.removals),
    (list::INSPECTED, |stats| stats.inspected),
    (list::DIFFERENCES, |stats| stats.differences),
    (list::SKIPPED_INSPECTIONS, |stats| stats.skipped_inspections),
];

/// Hands everything to the recorder of this thread, or else of this process.
pub(crate) fn publish(instance: &Instance) {
    with_recorder(|recorder| {
        describe(recorder);
        let to = Publisher {
            recorder,
            instance: [
                label("namespace", &instance.namespace),
                label("instance", &instance.name),
            ],
        };
        patterns(&to, instance);
        invalidations(&to, instance);
        state(&to, instance);
    });
}

fn describe(recorder: &dyn Recorder) {
    for metric in ALL {
        let unit = match metric.name.contains("_seconds") {
            true => Unit::Seconds,
            false => Unit::Count,
        };
        for series in metric.series() {
            let (name, help) = (series.clone().into(), metric.help.into());
            match metric.kind {
                Kind::Gauge => recorder.describe_gauge(name, Some(unit), help),
                Kind::Histogram if series.ends_with("_sum") => {
                    recorder.describe_gauge(name, Some(unit), help);
                }
                Kind::Counter | Kind::Histogram => {
                    recorder.describe_counter(name, Some(Unit::Count), help);
                }
            }
        }
    }
}

fn patterns(to: &Publisher<'_>, instance: &Instance) {
    for (stats, buckets) in instance.catalogue.measured() {
        let pattern = label("pattern", &stats.pattern.as_str().into());
        for (tier, hits) in [("l1", stats.l1_hits), ("l2", stats.l2_hits)] {
            let labels = [pattern.clone(), Label::from_static_parts("tier", tier)];
            to.counter(&list::HITS, &labels, hits);
        }
        let pattern = [pattern];
        for (metric, figure) in &PER_PATTERN {
            to.counter(metric, &pattern, figure(&stats));
        }
        to.histogram(&list::READ_DURATION, &pattern, &buckets);
    }
}

fn invalidations(to: &Publisher<'_>, instance: &Instance) {
    let stats = instance.invalidation_stats();
    for (metric, figure) in [
        (list::INVALIDATIONS, stats.total),
        (list::SENT_BATCHES, stats.sent_batches),
        (list::COLLAPSED, stats.collapsed),
        (list::RECEIVED, stats.received),
        (list::GAPS, stats.gaps),
        (list::RESYNCS, stats.resyncs),
    ] {
        to.counter(&metric, &[], figure);
    }
    let (latency, propagation) = instance.invalidations.buckets();
    to.histogram(&list::INVALIDATION_DURATION, &[], &latency);
    to.histogram(&list::PROPAGATION, &[], &propagation);
}

fn state(to: &Publisher<'_>, instance: &Instance) {
    let health = instance.health();
    for (metric, figure) in [
        (list::PENDING, health.pending as f64),
        (list::LAG, instance.lag() as f64),
        (list::HEALTHY, f64::from(u8::from(health.healthy))),
        (list::PROVEN, f64::from(u8::from(health.proven))),
        (list::PROOF_AGE, instance.unproven_for().as_secs_f64()),
        (list::L1_ENTRIES, health.l1_entries as f64),
        (list::L1_SIZE, health.l1_size as f64),
        (list::BANS, health.bans as f64),
    ] {
        to.gauge(&metric, &[], figure);
    }
    for state in STATES {
        let labels = [Label::from_static_parts("state", state)];
        let is_in = f64::from(u8::from(health.breaker == state));
        to.gauge(&list::BREAKER, &labels, is_in);
    }
}

fn label(name: &'static str, value: &Arc<str>) -> Label {
    Label::new(name, SharedString::from_shared(value.clone()))
}

struct Publisher<'a> {
    recorder: &'a dyn Recorder,
    /// The labels of the instance.
    instance: [Label; 2],
}

impl Publisher<'_> {
    fn counter(&self, metric: &Metric, labels: &[Label], value: u64) {
        self.count(metric.name.into(), labels, value);
    }

    fn gauge(&self, metric: &Metric, labels: &[Label], value: f64) {
        self.set(metric.name.into(), labels, value);
    }

    fn histogram(&self, metric: &Metric, labels: &[Label], buckets: &Buckets) {
        let name = |part| format!("{}_{part}", metric.name);
        let bounded = BOUNDS.iter().map(|(bound, _)| *bound).zip(buckets.within);
        for (bound, within) in bounded.chain([("+Inf", buckets.count)]) {
            let bound = [Label::from_static_parts("le", bound)];
            let labels = [labels, &bound].concat();
            self.count(name("bucket").into(), &labels, within);
        }
        self.count(name("count").into(), labels, buckets.count);
        // Counters of the facade are whole numbers.
        self.set(name("sum").into(), labels, buckets.sum.as_secs_f64());
    }

    fn count(&self, name: SharedString, labels: &[Label], value: u64) {
        let key = self.key(name, labels);
        self.recorder
            .register_counter(&key, &METADATA)
            .absolute(value);
    }

    fn set(&self, name: SharedString, labels: &[Label], value: f64) {
        let key = self.key(name, labels);
        self.recorder.register_gauge(&key, &METADATA).set(value);
    }

    fn key(&self, name: SharedString, labels: &[Label]) -> Key {
        Key::from_parts(name, [&self.instance[..], labels].concat())
    }
}
