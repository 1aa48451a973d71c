//! Spans, as OpenTelemetry gets them: the example, run.

#[path = "../../examples/open_telemetry.rs"]
#[expect(dead_code, reason = "its `main` exports to the standard output")]
mod open_telemetry;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use opentelemetry::trace::{SpanKind, Status};
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{SdkTracerProvider, SpanData, SpanExporter};
use testbed::eventually;
use tracing_subscriber::layer::SubscriberExt;
use unstale::{Cache, Config};

use crate::bed::{Bed, Listening, PATIENCE, Source, Transport, listen};

/// Keeps what is exported.
#[derive(Clone, Default, Debug)]
struct Collector(Arc<Mutex<Vec<SpanData>>>);

impl SpanExporter for Collector {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        self.0.lock().unwrap().extend(batch);
        Ok(())
    }
}

impl Collector {
    /// The spans of this name that have ended.
    fn named(&self, name: &str) -> Vec<SpanData> {
        let spans = self.0.lock().unwrap();
        spans
            .iter()
            .filter(|span| span.name == name)
            .cloned()
            .collect()
    }

    fn count(&self) -> usize {
        self.0.lock().unwrap().len()
    }
}

/// Collects what this thread does, for as long as the guard is held.
fn collecting() -> (Collector, SdkTracerProvider, Listening) {
    let spans = Collector::default();
    let provider = open_telemetry::exporting_to(spans.clone());
    let subscriber = tracing_subscriber::registry().with(open_telemetry::layer(&provider));
    let listening = listen(subscriber);
    (spans, provider, listening)
}

fn has_failed(span: &SpanData) -> bool {
    matches!(span.status, Status::Error { .. })
}

fn attributes(span: &SpanData) -> BTreeMap<&str, String> {
    let attributes = span.attributes.iter();
    attributes
        .map(|attribute| (attribute.key.as_str(), attribute.value.to_string()))
        .collect()
}

/// On a runtime of one thread, so that everything happens on the thread that listens.
#[tokio::test]
async fn the_example_exports_what_takes_time() {
    let (spans, provider, listening) = collecting();
    open_telemetry::work().await.unwrap();
    drop(listening);
    provider.shutdown().unwrap();

    let loads = spans.named("cache.load");
    assert_eq!(loads.len(), 1, "the others are hits");
    assert_eq!(attributes(&loads[0])["unstale.key"], "stock:price:MSFT");
    let query = &spans.named("SELECT prices")[0];
    assert_eq!(query.parent_span_id, loads[0].span_context.span_id());

    let reads = spans.named("SET");
    assert_eq!(
        reads.len(),
        2,
        "a miss and a hit in L2; a hit in L1 has no span"
    );
    for read in &reads {
        assert_eq!(read.span_kind, SpanKind::Client);
        let attributes = attributes(read);
        assert_eq!(attributes["db.system.name"], "unstale.hub");
        assert_eq!(attributes["db.operation.name"], "SET");
        assert!(!attributes.contains_key("db.operation.batch.size"));
    }
    let sent = &spans.named("invalidate")[0];
    assert_eq!(attributes(sent)["db.operation.batch.size"], "1");
    assert_eq!(attributes(sent)["db.stored_procedure.name"], "invalidate");
    let removal = &spans.named("cache.remove")[0];
    assert_eq!(attributes(removal)["unstale.applied"], "true");
    assert_eq!(spans.named("cache.resynchronise").len(), 2);
}

#[tokio::test]
async fn several_keys_are_read_in_one_span() {
    let (spans, _provider, _listening) = collecting();
    let bed = Bed::start(Transport::Streams);
    let cache = bed.instance("a").await;
    cache.get_many::<u32>(&["a:1", "a:2"]).await;
    let read = &spans.named("MGET")[0];
    assert_eq!(attributes(read)["db.operation.name"], "MGET");
    assert_eq!(attributes(read)["db.operation.batch.size"], "2");
}

#[tokio::test]
async fn a_hit_in_l1_has_no_span() {
    let (spans, _provider, _listening) = collecting();
    let cache = Cache::builder().build().await.unwrap();
    let source = Source::ready();
    for _ in 0..100 {
        cache
            .get_or_load("a:1", || source.load(1_u32))
            .await
            .unwrap();
        cache.get::<u32>("a:1").await;
    }
    assert_eq!(spans.count(), 1, "{:?}", spans.0);
}

#[tokio::test]
async fn what_does_not_work_is_marked() {
    let (spans, _provider, _listening) = collecting();
    let mut config = Config::default();
    config.redis.connect_to("127.0.0.1:1".parse().unwrap());
    let cache = Cache::from_config(config).await.unwrap();
    let load = || async { Err::<Option<u32>, _>(std::fmt::Error) };
    cache.get_or_load("a:1", load).await.unwrap_err();
    let failed = |name: &str| spans.named(name).iter().any(has_failed);
    assert!(failed("cache.load"));
    eventually("an attempt to connect has failed", PATIENCE, || async {
        failed("cache.recover")
    })
    .await;
    assert!(!cache.remove("a:1").await.is_applied());
    let removal = &spans.named("cache.remove")[0];
    assert_eq!(attributes(removal)["unstale.applied"], "false");
}

#[tokio::test]
async fn a_command_that_fails_says_what_kind_of_failure_it_is() {
    let (spans, _provider, _listening) = collecting();
    let bed = Bed::start(Transport::Streams);
    let cache = bed.instance("a").await;
    for record in bed.records("list") {
        let pushed = bed.server().command(["RPUSH", &record, "an element"]);
        pushed.expect("a list");
    }
    assert!(cache.get::<u32>("missing").await.is_none());
    assert!(cache.get::<u32>("list").await.is_none());
    let reads = spans.named("GET");
    let [done, failed] = &reads[..] else {
        panic!("{reads:?}");
    };
    assert_eq!(done.status, Status::Unset);
    assert!(!attributes(done).contains_key("error.type"));
    assert!(has_failed(failed), "{failed:?}");
    assert_eq!(attributes(failed)["error.type"], "no_record");
}
