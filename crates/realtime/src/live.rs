//! The figures of the whole process: what its instances did, and the last minute of the demo's
//! traffic.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use serde::Serialize;
use tokio::sync::Semaphore;
use utoipa::ToSchema;

use crate::{
    scrape::Scrape,
    service::StockPriceService,
    settings::Settings,
    watch::{Breaks, Checker, Floors, Log, WatchedInstance},
};

/// How many seconds of traffic are kept for the page.
const KEPT_SECONDS: usize = 60;
/// How many pages may look at once.
const MOST_PAGES: usize = 64;

/// Collects what the page shows.
pub struct Board {
    transport: String,
    started: Instant,
    instances: Mutex<Vec<WatchedInstance>>,
    seconds: Mutex<VecDeque<Second>>,
    pub(crate) floors: Arc<Floors>,
    pub(crate) log: Log,
    pub(crate) checker: Checker,
    pub(crate) pages: Arc<Semaphore>,
    pub(crate) scrape: Scrape,
    has_controls: bool,
    inspects: bool,
    breaks: Option<Breaks>,
}

/// What happened in one second of the demo, or in all of it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Second {
    /// Prices that the market feed wrote.
    pub(crate) writes: u64,
    /// Requests that the readers made.
    pub(crate) reads: u64,
    /// Cache hits of the instance that the readers ask, 0 to 1.
    pub(crate) hit_rate: f64,
    /// Statements that the instances sent to their database.
    pub(crate) queries: u64,
    /// Removals that the instances made.
    pub(crate) removals: u64,
    /// Removals that are still to be acknowledged now.
    pub(crate) pending: u64,
    pub(crate) propagation_p50_ms: f64,
    pub(crate) propagation_p99_ms: f64,
    /// Reads that were given a price although the removal for a newer one had been acknowledged
    /// before they began.
    pub(crate) late_reads: u64,
    pub(crate) failures: u64,
}

/// What the page asks for every second.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Live {
    transport: String,
    uptime_seconds: u64,
    instances: Vec<InstanceFigures>,
    /// The last minute, oldest first; empty while no traffic runs.
    seconds: Vec<Second>,
}

/// One instance since its start.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct InstanceFigures {
    pub(crate) name: String,
    pub(crate) port: u16,
    pub(crate) healthy: bool,
    pub(crate) hits: u64,
    pub(crate) requests: u64,
    pub(crate) database_reads: u64,
    pub(crate) database_writes: u64,
    pub(crate) removals: u64,
    pub(crate) received: u64,
    pub(crate) pending: u64,
    pub(crate) gaps: u64,
    pub(crate) refused_fills: u64,
    pub(crate) propagation_p50_ms: f64,
    pub(crate) propagation_p99_ms: f64,
}

impl Board {
    /// The board of instances with these settings.
    pub fn of(settings: &Settings) -> Self {
        Self {
            transport: settings.transport(),
            started: Instant::now(),
            instances: Mutex::default(),
            seconds: Mutex::default(),
            floors: Arc::new(Floors::new(settings.max_staleness())),
            log: Log::new(),
            checker: Checker::default(),
            pages: Arc::new(Semaphore::new(MOST_PAGES)),
            scrape: Scrape::new(),
            has_controls: false,
            inspects: settings.inspects(),
            breaks: settings.hub().cloned().map(Breaks::on),
        }
    }

    /// The same with controls: whoever is on this machine may write prices on any instance, and
    /// break what is in this process.
    #[must_use]
    pub fn with_controls(self) -> Self {
        Self {
            has_controls: true,
            ..self
        }
    }

    /// Takes in the next instance.
    pub(crate) fn watch(&self, instance: WatchedInstance) {
        locked(&self.instances).push(instance);
    }

    /// How many instances there are.
    pub(crate) fn len(&self) -> usize {
        locked(&self.instances).len()
    }

    pub(crate) fn watched(&self) -> Vec<WatchedInstance> {
        locked(&self.instances).clone()
    }

    /// The prices of every instance, in the order of their start.
    pub(crate) fn prices(&self) -> Vec<StockPriceService> {
        let instances = self.watched();
        instances.into_iter().map(|one| one.prices).collect()
    }

    pub(crate) fn transport(&self) -> &str {
        &self.transport
    }

    pub(crate) fn uptime(&self) -> Duration {
        self.started.elapsed()
    }

    pub(crate) fn max_staleness(&self) -> Duration {
        self.floors.max_staleness()
    }

    /// Whether there are controls: never where others than this machine can reach an instance.
    pub(crate) fn has_controls(&self) -> bool {
        let instances = locked(&self.instances);
        self.has_controls && instances.iter().all(|one| one.address.ip().is_loopback())
    }

    /// Whether a write that does not invalidate would be found.
    pub(crate) fn inspects(&self) -> bool {
        self.inspects
    }

    pub(crate) fn breaks(&self) -> Option<&Breaks> {
        self.breaks.as_ref()
    }

    /// The last minute of traffic, oldest first.
    pub(crate) fn seconds(&self) -> Vec<Second> {
        locked(&self.seconds).iter().copied().collect()
    }

    /// The instances in the order of their start.
    pub(crate) fn instances(&self) -> Vec<InstanceFigures> {
        locked(&self.instances).iter().map(figures).collect()
    }

    pub(crate) fn record(&self, second: Second) {
        let mut seconds = locked(&self.seconds);
        if seconds.len() == KEPT_SECONDS {
            seconds.pop_front();
        }
        seconds.push_back(second);
    }

    pub(crate) fn live(&self) -> Live {
        Live {
            transport: self.transport.clone(),
            uptime_seconds: self.started.elapsed().as_secs(),
            instances: self.instances(),
            seconds: self.seconds(),
        }
    }
}

fn figures(one: &WatchedInstance) -> InstanceFigures {
    let patterns = one.cache.effectiveness().patterns;
    let invalidations = one.cache.invalidations();
    let queries = one.store.queries();
    InstanceFigures {
        name: one.name.clone(),
        port: one.address.port(),
        healthy: one.cache.health().healthy,
        hits: patterns.iter().map(|pattern| pattern.hits()).sum(),
        requests: patterns.iter().map(|pattern| pattern.requests()).sum(),
        database_reads: queries.reads,
        database_writes: queries.writes,
        removals: invalidations.total,
        received: invalidations.received,
        pending: invalidations.pending,
        gaps: invalidations.gaps,
        refused_fills: patterns.iter().map(|pattern| pattern.refused_fills).sum(),
        propagation_p50_ms: milliseconds(invalidations.propagation_p50),
        propagation_p99_ms: milliseconds(invalidations.propagation_p99),
    }
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1_000.0
}

/// Nothing that is done under these locks can leave the figures half written, so a poisoned one is
/// as good as any.
pub(crate) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
