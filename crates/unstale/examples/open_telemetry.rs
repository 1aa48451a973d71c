//! Exports the spans of two caches through OpenTelemetry, to the standard output.
//!
//! ```sh
//! cargo run -p unstale --example open_telemetry
//! ```
//!
//! A service would take `opentelemetry-otlp` in the place of `opentelemetry-stdout`, and a
//! processor that exports in batches.

use std::error::Error;

use opentelemetry::trace::TracerProvider;
use opentelemetry_sdk::trace::{SdkTracerProvider, SpanExporter};
use tracing::{Subscriber, level_filters::LevelFilter};
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt;
use unstale::{Cache, Hub};

/// The spans of the library have a target of their own, and the level DEBUG.
const SPANS: &str = "unstale::spans";

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let provider = exporting_to(opentelemetry_stdout::SpanExporter::default());
    tracing_subscriber::registry().with(layer(&provider)).init();
    work().await?;
    provider.shutdown()?;
    Ok(())
}

/// Where spans go.
pub(crate) fn exporting_to(exporter: impl SpanExporter + 'static) -> SdkTracerProvider {
    SdkTracerProvider::builder()
        .with_simple_exporter(exporter)
        .build()
}

/// What takes them there.
pub(crate) fn layer<S>(provider: &SdkTracerProvider) -> impl Layer<S>
where
    S: Subscriber + for<'span> LookupSpan<'span>,
{
    let spans = Targets::new()
        .with_target(SPANS, LevelFilter::DEBUG)
        .with_target(env!("CARGO_CRATE_NAME"), LevelFilter::INFO);
    tracing_opentelemetry::layer()
        .with_tracer(provider.tracer("shop"))
        .with_filter(spans)
}

/// One instance loads a price and reads it again, the other one reads and changes it.
pub(crate) async fn work() -> Result<(), Box<dyn Error>> {
    let hub = Hub::new();
    let one = Cache::builder().hub(&hub).instance_name("one").build();
    let two = Cache::builder().hub(&hub).instance_name("two").build();
    let (one, two) = (one.await?, two.await?);
    for cache in [&one, &one, &two] {
        let prices = cache.space::<u32>("stock:price");
        prices.get_or_load("MSFT", database).await?;
    }
    two.space::<u32>("stock:price").remove("MSFT").await;
    one.close().await;
    two.close().await;
    Ok(())
}

/// Its own spans become children of the load's.
async fn database() -> Result<Option<u32>, std::convert::Infallible> {
    let query = tracing::info_span!("SELECT prices", otel.kind = "client");
    query.in_scope(|| Ok(Some(411)))
}
