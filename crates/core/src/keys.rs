//! What is going on for single keys: tickets, flights and pending removals.

use std::collections::HashMap;
use std::sync::Arc;

use foldhash::fast::RandomState;

use super::flight::{Arrival, Boarding, Flights};
use super::guard::Guard;
use super::ticket::{Ticket, Tickets};

#[derive(Clone, Default, Debug)]
struct Key {
    /// Own removals that are not acknowledged. While there are any, reads of the key go to the
    /// source and fill nothing.
    pending: u32,
    tickets: Tickets,
    flights: Flights,
}

impl Key {
    fn is_idle(&self) -> bool {
        self.pending == 0 && self.tickets.is_empty() && self.flights.is_empty()
    }
}

/// The keys for which anything is going on; an idle key takes no room.
#[derive(Clone, Default, Debug)]
pub(super) struct Keys {
    keys: HashMap<Arc<str>, Key, RandomState>,
    next_ticket: u64,
}

impl Keys {
    pub(super) fn is_pending(&self, key: &str) -> bool {
        let pending = self.keys.get(key).is_some_and(|key| key.pending > 0);
        Guard::PendingReads.forbids(pending)
    }

    pub(super) fn begin(&mut self, key: &Arc<str>) {
        self.keys.entry(key.clone()).or_default().pending += 1;
    }

    pub(super) fn end(&mut self, key: &str, count: u32) {
        self.change(key, |state| {
            state.pending = state.pending.saturating_sub(count)
        });
    }

    pub(super) fn revoke(&mut self, key: &str) {
        self.change(key, |state| state.tickets.revoke_all());
    }

    pub(super) fn revoke_where(&mut self, covers: impl Fn(&str) -> bool) {
        self.keys.retain(|key, state| {
            if covers(key) {
                state.tickets.revoke_all();
            }
            !state.is_idle()
        });
    }

    pub(super) fn open_ticket(&mut self, key: &Arc<str>) -> Ticket {
        let ticket = self.next_ticket();
        self.keys
            .entry(key.clone())
            .or_default()
            .tickets
            .open(ticket);
        ticket
    }

    pub(super) fn spend(&mut self, key: &str, ticket: Ticket) -> bool {
        self.change(key, |state| state.tickets.spend(ticket))
            .unwrap_or(false)
    }

    pub(super) fn is_alive(&self, key: &str, ticket: Ticket) -> bool {
        let state = self.keys.get(key);
        state.is_some_and(|state| state.tickets.is_alive(ticket))
    }

    pub(super) fn arrive(&mut self, key: &Arc<str>, at: Boarding) -> Arrival {
        let ticket = self.next_ticket();
        let state = self.keys.entry(key.clone()).or_default();
        if let Some(arrival) = state.flights.board(&state.tickets, at) {
            return arrival;
        }
        state.tickets.open(ticket);
        state.flights.take_off(ticket, at);
        Arrival::Lead(ticket)
    }

    pub(super) fn land(&mut self, key: &str, ticket: Ticket) {
        self.change(key, |state| {
            state.flights.land(ticket);
            state.tickets.spend(ticket);
        });
    }

    fn change<R>(&mut self, key: &str, change: impl FnOnce(&mut Key) -> R) -> Option<R> {
        let state = self.keys.get_mut(key)?;
        let result = change(state);
        if state.is_idle() {
            self.keys.remove(key);
        }
        Some(result)
    }

    fn next_ticket(&mut self) -> Ticket {
        self.next_ticket += 1;
        Ticket(self.next_ticket)
    }
}

#[cfg(feature = "evidence")]
impl Keys {
    /// Every live ticket has a holder, who was written before.
    pub(super) fn write(&self, to: &mut crate::Canonical, load_timeout: std::time::Duration) {
        let mut keys: Vec<_> = self.keys.iter().collect();
        keys.sort_unstable_by_key(|(key, _)| *key);
        to.list(keys, |to, (key, state)| {
            to.text(key);
            to.number(u64::from(state.pending));
            to.set(state.tickets.iter(), |to, ticket| to.ticket(ticket));
            state.flights.write(to, load_timeout);
        });
    }
}
