//! Flights: one load in progress, shared by its callers (Go's `singleflight`), with the rule that
//! nobody joins a load that began before an invalidation he may know of.

use std::time::Duration;

use smallvec::SmallVec;

use super::guard::Guard;
use super::position::Position;
use super::tick::Tick;
use super::ticket::{Ticket, Tickets};

/// A hot key under constant writes costs the source at most this many concurrent loads.
const FLIGHTS_PER_KEY: usize = 2;

/// What a reader who found nothing in L1 does next.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Arrival {
    /// Share the result of this flight.
    Join(Ticket),
    /// Load; the flight is open under this ticket.
    Lead(Ticket),
    /// Two older flights are up that may not be joined: arrive again when this one has landed.
    Wait(Ticket),
}

#[derive(Clone, Debug)]
struct Flight {
    ticket: Ticket,
    /// Whatever it brings is at least as new as this.
    covers: Position,
    began: Tick,
    began_proven: bool,
}

/// What decides whether a flight may be joined, apart from the flight itself.
#[derive(Copy, Clone)]
pub(super) struct Boarding {
    pub(super) now: Tick,
    pub(super) proven: bool,
    pub(super) at_least: Position,
    /// Everything up to here has been applied, so a flight that begins now covers it.
    pub(super) applied: Position,
    pub(super) max_staleness: Duration,
    pub(super) load_timeout: Duration,
}

/// The flights of one key, oldest first: mostly one.
#[derive(Clone, Default, Debug)]
pub(super) struct Flights(SmallVec<[Flight; 1]>);

impl Flights {
    /// The flight to join, or the flight to wait for; `None` when the reader is to lead one.
    pub(super) fn board(&mut self, tickets: &Tickets, at: Boarding) -> Option<Arrival> {
        self.0
            .retain(|flight| at.now.since(flight.began) < at.load_timeout);
        let joinable = self.0.iter().rev().find(|flight| {
            let heard_of_revocations = at.proven
                || (!flight.began_proven && at.now.since(flight.began) < at.max_staleness);
            Guard::NoOlderFlight.demands(tickets.is_alive(flight.ticket))
                && Guard::NoUnprovenJoin.demands(heard_of_revocations)
                && Guard::FlightCoversToken.demands(flight.covers >= at.at_least)
        });
        if let Some(flight) = joinable {
            return Some(Arrival::Join(flight.ticket));
        }
        let oldest = self.0.first().filter(|_| self.0.len() >= FLIGHTS_PER_KEY)?;
        Some(Arrival::Wait(oldest.ticket))
    }

    pub(super) fn take_off(&mut self, ticket: Ticket, at: Boarding) {
        self.0.push(Flight {
            ticket,
            covers: at.applied.max(at.at_least),
            began: at.now,
            began_proven: at.proven,
        });
    }

    pub(super) fn land(&mut self, ticket: Ticket) {
        self.0.retain(|flight| flight.ticket != ticket);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(feature = "evidence")]
impl Flights {
    pub(super) fn write(&self, to: &mut crate::Canonical, load_timeout: Duration) {
        to.list(&self.0, |to, flight| {
            to.ticket(flight.ticket);
            to.position(flight.covers);
            to.since(flight.began, load_timeout);
            to.flag(flight.began_proven);
        });
    }
}
