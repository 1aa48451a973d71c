//! Flights as tasks see them: the core decides who joins whom, these are the waiting ends.

use std::any::Any;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use foldhash::fast::RandomState;
use parking_lot::Mutex;
use tokio::sync::Notify;

use crate::clock;
use crate::core::{Arrival, Position, Reach, Tick, Ticket};
use crate::local::Local;

/// What a flight brought: a value, nothing, or the loader's error; of types that only those who
/// joined it know.
pub(super) type Landed = Result<Option<Arc<dyn Any + Send + Sync>>, Arc<dyn Any + Send + Sync>>;

/// The flights that are up.
#[derive(Default)]
pub(crate) struct Flights(Mutex<HashMap<Ticket, Passenger, RandomState>>);

/// What a reader does who found nothing in L1.
pub(super) enum Boarding {
    /// He leads.
    Lead(Lead),
    /// He joins.
    Join(Option<Passenger>),
    /// He arrives again when this one has landed.
    Wait(Option<Passenger>),
}

impl Flights {
    pub(super) fn board(
        self: &Arc<Self>,
        local: &Arc<Local>,
        key: &Arc<str>,
        at_least: Position,
    ) -> Boarding {
        local.with(|partition, _| {
            let now = clock::now();
            let mut flights = self.0.lock();
            match partition.arrive(key, at_least, now) {
                Arrival::Lead(ticket) => {
                    let progress = Arc::new(Progress::default());
                    flights.insert(
                        ticket,
                        Passenger {
                            began: now,
                            progress: progress.clone(),
                        },
                    );
                    let boarded = Boarded {
                        local: local.clone(),
                        flights: Some(self.clone()),
                        key: key.clone(),
                        ticket,
                    };
                    let reach = partition.reach(key, at_least, now);
                    Boarding::Lead(Lead {
                        boarded,
                        reach,
                        announcer: Announcer(progress),
                    })
                }
                Arrival::Join(ticket) => Boarding::Join(flights.get(&ticket).cloned()),
                Arrival::Wait(ticket) => Boarding::Wait(flights.get(&ticket).cloned()),
            }
        })
    }
}

/// The one who loads. Dropped before it has landed (its caller was cancelled, or the loader
/// panicked), its passengers arrive again, and one of them leads the next flight.
pub(super) struct Lead {
    pub(super) boarded: Boarded,
    pub(super) reach: Reach,
    announcer: Announcer,
}

impl Lead {
    pub(super) fn land(self, landed: Landed) {
        let Lead {
            boarded, announcer, ..
        } = self;
        drop(boarded);
        announcer.0.end(Stage::Landed(landed));
    }
}

/// Tells the passengers what became of their flight. Dropped before it has landed, it was given
/// up.
struct Announcer(Arc<Progress>);

impl Drop for Announcer {
    fn drop(&mut self) {
        self.0.end(Stage::GivenUp);
    }
}

/// How far a flight has come. Those who wait are woken in the order in which they came.
#[derive(Default)]
struct Progress {
    stage: Mutex<Stage>,
    over: Notify,
}

#[derive(Default)]
enum Stage {
    #[default]
    Up,
    Landed(Landed),
    GivenUp,
}

impl Progress {
    /// A flight ends once.
    fn end(&self, end: Stage) {
        let mut stage = self.stage.lock();
        if matches!(*stage, Stage::Up) {
            *stage = end;
            drop(stage);
            self.over.notify_waiters();
        }
    }

    async fn over(&self) -> Option<Landed> {
        loop {
            // Before looking: a flight that ends afterwards wakes this.
            let over = self.over.notified();
            match &*self.stage.lock() {
                Stage::Up => {}
                Stage::Landed(landed) => return Some(landed.clone()),
                Stage::GivenUp => return None,
            }
            over.await;
        }
    }
}

/// One who waits for somebody else's flight.
#[derive(Clone)]
pub(super) struct Passenger {
    began: Tick,
    progress: Arc<Progress>,
}

impl Passenger {
    /// What the flight brought; `None` when it was given up, or has taken longer than it may.
    pub(super) async fn landed(self, load_timeout: Duration) -> Option<Landed> {
        let rest = (self.began + load_timeout).since(clock::now());
        let over = self.progress.over();
        tokio::time::timeout(rest, over).await.ok()?
    }
}

/// A ticket in use: given up when dropped, together with its flight if it is one.
pub(super) struct Boarded {
    local: Arc<Local>,
    flights: Option<Arc<Flights>>,
    pub(super) key: Arc<str>,
    pub(super) ticket: Ticket,
}

impl Boarded {
    /// A ticket for a read that shares nothing, and how it may use L2.
    pub(super) fn alone(local: &Arc<Local>, key: Arc<str>, at_least: Position) -> (Self, Reach) {
        let (ticket, reach) = local.with(|partition, _| {
            let reach = partition.reach(&key, at_least, clock::now());
            (partition.open_ticket(&key), reach)
        });
        (
            Self {
                local: local.clone(),
                flights: None,
                key,
                ticket,
            },
            reach,
        )
    }
}

impl Drop for Boarded {
    fn drop(&mut self) {
        self.local.with(|partition, _| {
            partition.land(&self.key, self.ticket);
            if let Some(flights) = &self.flights {
                flights.0.lock().remove(&self.ticket);
            }
        });
    }
}
