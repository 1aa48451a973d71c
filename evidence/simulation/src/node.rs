//! One place where an instance runs: after it has ended, another takes its place.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use parking_lot::Mutex;
use tokio::sync::Notify;
use unstale::evidence::{Gate, Later, Purpose, Way, Wire};
use unstale::{Cache, Config};

use crate::cable::Cable;
use crate::plan::{End, Which};
use crate::setting::FASTEST;
use crate::site::Site;
use crate::tally::Tally;

/// One place where an instance runs.
pub(crate) struct Node {
    slot: usize,
    site: Arc<Site>,
    config: Config,
    /// The number of the next instance, of all places.
    numbers: Arc<AtomicU32>,
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Default)]
struct State {
    gate: Gate,
    live: Option<Live>,
}

/// An instance that can be used.
#[derive(Clone)]
pub(crate) struct Live {
    pub(crate) cache: Cache,
    pub(crate) number: u32,
    pub(crate) gate: Gate,
    killed: Arc<Notify>,
}

impl Live {
    /// Waits until it is killed.
    pub(crate) async fn killed(&self) {
        loop {
            let killed = self.killed.notified();
            if self.gate.is_killed() {
                return;
            }
            killed.await;
        }
    }
}

impl Node {
    pub(crate) fn new(
        slot: usize,
        site: &Arc<Site>,
        config: Config,
        numbers: &Arc<AtomicU32>,
    ) -> Arc<Self> {
        Arc::new(Self {
            slot,
            site: site.clone(),
            config,
            numbers: numbers.clone(),
            state: Mutex::default(),
            changed: Notify::new(),
        })
    }

    /// Starts an instance here.
    pub(crate) async fn start(&self) -> Result<(), unstale::Error> {
        let gate = Gate::default();
        self.state.lock().gate = gate.clone();
        let number = self.numbers.fetch_add(1, Ordering::Relaxed);
        let way = Arc::new(Road {
            site: self.site.clone(),
            slot: self.slot,
            gate: gate.clone(),
        });
        let hub = self.site.hub.reached_by(way);
        let building = Cache::builder().config(self.config.clone()).hub(&hub);
        let cache = gate.through(building.build()).await?;
        self.note(0, number, "is started");
        self.state.lock().live = Some(Live {
            cache,
            number,
            gate,
            killed: Arc::default(),
        });
        self.changed.notify_waiters();
        Ok(())
    }

    /// Ends the instance that runs here, if there is one.
    pub(crate) async fn end(&self, how: End, tally: &Tally) {
        let Some(live) = self.state.lock().live.take() else {
            return;
        };
        tally.count_losses(&live.cache);
        match how {
            End::Killed => {
                self.note(1, live.number, "is killed");
                live.gate.kill();
                for cable in self.site.cables(self.slot, Which::Both) {
                    cable.cut(true, true);
                }
                live.killed.notify_waiters();
            }
            End::Dropped => self.note(2, live.number, "is dropped"),
            End::Closed => {
                self.note(3, live.number, "is closed");
                live.gate.through(live.cache.close()).await;
            }
        }
    }

    /// What holds up whatever runs here.
    pub(crate) fn gate(&self) -> Gate {
        self.state.lock().gate.clone()
    }

    /// The instance that runs here now.
    pub(crate) fn now(&self) -> Option<Live> {
        self.state.lock().live.clone()
    }

    /// The instance that runs here, as soon as there is one.
    pub(crate) async fn live(&self) -> Live {
        loop {
            let changed = self.changed.notified();
            if let Some(live) = self.now() {
                return live;
            }
            changed.await;
        }
    }

    fn note(&self, kind: u64, number: u32, words: &str) {
        self.site.trace.note(
            &[3, kind, u64::from(number)],
            format_args!("instance {number} (at {}) {words}", self.slot),
        );
    }
}

/// How an instance reaches the hub.
struct Road {
    site: Arc<Site>,
    slot: usize,
    gate: Gate,
}

impl Way for Road {
    fn connect(&self, purpose: Purpose) -> Later<'_, Option<Arc<dyn Wire>>> {
        Box::pin(async move {
            let site = &self.site;
            let slowest = site.setting.ways[self.slot].of(purpose);
            site.network.sleep(FASTEST.midpoint(slowest)).await;
            loop {
                let now = site.clock.now();
                let at = site.passable_at(self.slot, purpose).max(site.awake_at());
                if at <= now {
                    break;
                }
                site.network.sleep(at - now).await;
            }
            if site.is_down() || self.gate.is_killed() {
                return None;
            }
            let generation = site.generation();
            let cable = site.plug_in(|number| {
                Cable::new(site, number, self.slot, purpose).into_generation(generation)
            });
            Some(cable as Arc<dyn Wire>)
        })
    }

    fn gate(&self) -> Gate {
        self.gate.clone()
    }
}
