//! The figures of the whole process: what its instances did, and the last minute of the demo's
//! traffic.

use std::{
    collections::VecDeque,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use serde::Serialize;
use unstale::Cache;
use utoipa::ToSchema;

use crate::store::Repository;

/// How many seconds of traffic are kept for the page.
const KEPT_SECONDS: usize = 60;

/// Collects what the page shows.
pub struct Board {
    transport: String,
    started: Instant,
    instances: Mutex<Vec<Watched>>,
    seconds: Mutex<VecDeque<Second>>,
}

struct Watched {
    name: String,
    address: SocketAddr,
    cache: Cache,
    store: Arc<dyn Repository>,
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
    /// An empty board. `transport` says in words over what the instances hear of each other.
    pub fn new(transport: impl Into<String>) -> Self {
        Self {
            transport: transport.into(),
            started: Instant::now(),
            instances: Mutex::default(),
            seconds: Mutex::default(),
        }
    }

    pub(crate) fn watch(
        &self,
        name: &str,
        address: SocketAddr,
        cache: &Cache,
        store: &Arc<dyn Repository>,
    ) {
        let (name, cache, store) = (name.to_owned(), cache.clone(), store.clone());
        locked(&self.instances).push(Watched {
            name,
            address,
            cache,
            store,
        });
    }

    /// The instances in the order of their start.
    pub(crate) fn instances(&self) -> Vec<InstanceFigures> {
        locked(&self.instances)
            .iter()
            .map(Watched::figures)
            .collect()
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
            seconds: locked(&self.seconds).iter().copied().collect(),
        }
    }
}

impl Watched {
    fn figures(&self) -> InstanceFigures {
        let patterns = self.cache.effectiveness().patterns;
        let invalidations = self.cache.invalidations();
        let queries = self.store.queries();
        InstanceFigures {
            name: self.name.clone(),
            port: self.address.port(),
            healthy: self.cache.health().healthy,
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
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1_000.0
}

/// Nothing that is done under these locks can leave the figures half written, so a poisoned one is
/// as good as any.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
