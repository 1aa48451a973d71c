//! What a hub is made to suffer.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use parking_lot::Mutex;
use tokio::sync::mpsc;

use super::way::{Way, What, Wire};
use crate::core::{Message, Position, Server, Tick};
use crate::evidence::Gate;
use crate::tiers::hub::Hub;

/// How a cache reaches a hub.
#[derive(Clone)]
pub(crate) struct Approach(pub(super) Arc<dyn Way>);

impl fmt::Debug for Approach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Approach")
    }
}

/// Somebody to whom entries of the log are published.
struct Subscriber {
    wire: Arc<dyn Wire>,
    inbox: mpsc::UnboundedSender<(Position, Message)>,
}

/// What is not as it should be.
#[derive(Default)]
pub(crate) struct Conditions {
    /// Nanoseconds by which the hub's clock is ahead.
    ahead: AtomicI64,
    full: AtomicBool,
    /// The log is published instead of kept.
    publishes: AtomicBool,
    subscribers: Mutex<Vec<Subscriber>>,
}

impl fmt::Debug for Conditions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Conditions")
    }
}

impl Conditions {
    /// The hub's clock when the right one says this.
    pub(in crate::tiers::hub) fn skewed(&self, now: Tick) -> Tick {
        let ahead = self.ahead.load(Ordering::Relaxed);
        let span = Duration::from_nanos(ahead.unsigned_abs());
        if ahead < 0 { now - span } else { now + span }
    }

    pub(in crate::tiers::hub) fn skewed_wall(&self, wall_ms: u64) -> u64 {
        wall_ms.saturating_add_signed(self.ahead.load(Ordering::Relaxed) / 1_000_000)
    }
}

impl Hub {
    /// The same hub, for a cache that reaches it on this way.
    #[must_use]
    pub fn reached_by(&self, way: Arc<dyn Way>) -> Self {
        Self {
            held: self.held.clone(),
            way: Some(Approach(way)),
        }
    }

    /// Does something to the server that no cache asked for.
    pub fn befall<R>(&self, fault: impl FnOnce(&mut Server<Bytes>) -> R) -> R {
        self.with(fault)
    }

    /// From now on the server's clock is ahead by so many nanoseconds, or behind.
    pub fn skew(&self, ahead: i64) {
        self.held.conditions.ahead.store(ahead, Ordering::Relaxed);
    }

    /// Whether the server has run out of memory.
    pub fn fill_up(&self, full: bool) {
        self.held.conditions.full.store(full, Ordering::Relaxed);
    }

    /// From now on the log is published to those who listen, and not kept.
    pub fn publish(&self) {
        self.held
            .conditions
            .publishes
            .store(true, Ordering::Relaxed);
    }

    pub(crate) fn gate(&self) -> Option<Gate> {
        self.way.as_ref().map(|approach| approach.0.gate())
    }

    pub(super) fn is_full(&self) -> bool {
        self.held.conditions.full.load(Ordering::Relaxed)
    }

    pub(super) fn publishes(&self) -> bool {
        self.held.conditions.publishes.load(Ordering::Relaxed)
    }

    pub(super) fn subscribe(
        &self,
        wire: &Arc<dyn Wire>,
        inbox: mpsc::UnboundedSender<(Position, Message)>,
    ) {
        let wire = wire.clone();
        self.held
            .conditions
            .subscribers
            .lock()
            .push(Subscriber { wire, inbox });
    }

    /// Publishes what has been appended since; nothing of it is kept.
    pub(super) fn publish_news(&self) {
        if !self.publishes() {
            return;
        }
        let news = self.with(Server::publish);
        let mut subscribers = self.held.conditions.subscribers.lock();
        subscribers.retain(|subscriber| subscriber.wire.is_open());
        for (position, message) in news {
            for subscriber in &*subscribers {
                let (inbox, message) = (subscriber.inbox.clone(), message.clone());
                let deliver = Box::new(move || {
                    // A subscriber who is gone misses nothing.
                    let _ = inbox.send((position, message));
                });
                let wire = subscriber.wire.clone();
                wire.push(What::Publish(position), deliver);
            }
        }
    }
}
