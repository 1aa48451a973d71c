//! The metrics of all instances of this process, for Prometheus.

use std::sync::{Mutex, PoisonError};

use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusRecorder};
use unstale::Cache;

use crate::families::with_histograms;

/// What `/metrics` answers, on whichever instance it is asked: their label `instance` tells them
/// apart.
pub(crate) struct Scrape {
    recorder: PrometheusRecorder,
    caches: Mutex<Vec<Cache>>,
}

impl Scrape {
    pub(crate) fn new() -> Self {
        Self {
            recorder: PrometheusBuilder::new().build_recorder(),
            caches: Mutex::default(),
        }
    }

    pub(crate) fn watch(&self, cache: &Cache) {
        self.caches().push(cache.clone());
    }

    /// The figures as they are now, in Prometheus's text format.
    pub(crate) fn render(&self) -> String {
        let caches = self.caches();
        metrics::with_local_recorder(&self.recorder, || {
            caches.iter().for_each(Cache::publish_metrics);
        });
        with_histograms(&self.recorder.handle().render())
    }

    /// A push leaves the list whole or as it was, so a poisoned one is as good as any.
    fn caches(&self) -> std::sync::MutexGuard<'_, Vec<Cache>> {
        self.caches.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
