//! Flights as tasks see them: the core decides who joins whom, these are the waiting ends.

use std::any::Any;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::watch;

use crate::clock;
use crate::core::{Arrival, Position, Reach, Tick, Ticket};
use crate::local::Local;

/// What a flight brought: a value, nothing, or the loader's error; of types that only those who
/// joined it know.
pub(super) type Landed = Result<Option<Arc<dyn Any + Send + Sync>>, Arc<dyn Any + Send + Sync>>;

type Progress = Option<Landed>;

/// The flights that are up.
#[derive(Default)]
pub(crate) struct Flights(Mutex<HashMap<Ticket, Passenger>>);

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
                    let (progress, receiver) = watch::channel(None);
                    flights.insert(
                        ticket,
                        Passenger {
                            began: now,
                            progress: receiver,
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
                        progress,
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
    progress: watch::Sender<Progress>,
}

impl Lead {
    pub(super) fn land(self, landed: Landed) {
        let Lead {
            boarded, progress, ..
        } = self;
        drop(boarded);
        progress.send_replace(Some(landed));
    }
}

/// One who waits for somebody else's flight.
#[derive(Clone)]
pub(super) struct Passenger {
    began: Tick,
    progress: watch::Receiver<Progress>,
}

impl Passenger {
    /// What the flight brought; `None` when it was given up, or has taken longer than it may.
    pub(super) async fn landed(mut self, load_timeout: Duration) -> Progress {
        let rest = (self.began + load_timeout).since(clock::now());
        let landed = self.progress.wait_for(Option::is_some);
        tokio::time::timeout(rest, landed).await.ok()?.ok()?.clone()
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
