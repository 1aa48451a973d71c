//! The figures of a cache as metrics that people can scrape, through the
//! [`metrics`](https://docs.rs/metrics) facade. Needs the feature `metrics`.
//!
//! The library counts for itself, in counters that threads do not fight over, and
//! [`Cache::publish_metrics`](crate::Cache::publish_metrics) hands their values on: when a scrape
//! comes, or every few seconds. No read is slower for it.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let recorder = metrics_util::debugging::DebuggingRecorder::new();
//! // let recorder = metrics_exporter_prometheus::PrometheusBuilder::new().build_recorder();
//! let cache = unstale::Cache::builder().instance_name("shop-1").build().await?;
//!
//! // In the handler of `/metrics`, or without a recorder of one's own: `cache.publish_metrics()`.
//! metrics::with_local_recorder(&recorder, || cache.publish_metrics());
//! # Ok(()) }
//! ```
//!
//! Names and units are Prometheus's: seconds, and `_total` for what only grows. Every metric has the
//! labels `namespace` (of `InstanceName`) and `instance` (`ConsumerName`); some have more, and
//! [`ALL`] says which. The number of patterns is bounded. Prometheus puts a label `instance` of its own
//! on what it scrapes, so set `honor_labels: true` for it to leave this one alone.
//!
//! **Histograms** are published as the series that Prometheus's own consist of: `_bucket` with a
//! label `le`, `_count` and `_sum`, so that `histogram_quantile` works over any span and any number of
//! instances, which quantiles that were computed here would not. They are not histograms of the facade: that takes
//! single samples, and by the time of a scrape the library has counted millions.

mod buckets;
mod list;
mod publish;

pub use list::{ALL, Kind, Metric};

pub(crate) use buckets::Buckets;
pub(crate) use publish::publish;
