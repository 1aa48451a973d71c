//! Fingerprints of states for the model, which has to recognise those that it has seen: two states
//! that behave alike from here on have the same.
//!
//! Names that only have to differ (tickets, nonces) are replaced by the order in which they are
//! met, counters that are only compared by their rank, and clock readings by their distance from
//! now, as far as it can matter.

use std::time::Duration;

use crate::ban::Scope;
use crate::message::{Change, Message};
use crate::position::{Fenced, History, Place, Position, Witness};
use crate::tick::Tick;
use crate::ticket::Ticket;

/// Two odd numbers without a pattern: the fractions of the golden ratio and of the square root
/// of three.
const SEED: u64 = 0x9e37_79b9_7f4a_7c15;
const FACTOR: u64 = 0xbb67_ae85_84ca_a73b;

/// A fingerprint that is being taken.
#[derive(Default, Debug)]
pub struct Canonical {
    hash: u64,
    now: Tick,
    names: Vec<(Kind, u64)>,
    ranks: Vec<u64>,
}

#[derive(Copy, Clone, PartialEq, Debug)]
enum Kind {
    Ticket,
    Nonce,
    Token,
    Origin,
    Entry,
}

impl Canonical {
    /// Starts over, with another state.
    pub fn start(&mut self, now: Tick) {
        self.hash = SEED;
        self.names.clear();
        self.ranks.clear();
        self.now = now;
    }

    /// The fingerprint of what has been written.
    pub fn fingerprint(&self) -> u64 {
        self.hash
    }

    /// A number that means what it says.
    pub fn number(&mut self, number: u64) {
        let product = u128::from(self.hash ^ number) * u128::from(FACTOR);
        let folded = product as u64 ^ (product >> 64) as u64;
        self.hash = folded.rotate_left(23).wrapping_add(SEED);
    }

    /// A choice of two.
    pub fn flag(&mut self, flag: bool) {
        self.number(u64::from(flag));
    }

    /// A text.
    pub fn text(&mut self, text: &str) {
        self.number(text.len() as u64);
        for chunk in text.as_bytes().chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            self.number(u64::from_le_bytes(word));
        }
    }

    /// A span of time.
    pub fn span(&mut self, span: Duration) {
        self.number(u64::try_from(span.as_nanos()).unwrap_or(u64::MAX));
    }

    /// How long ago something was, if it was less than `horizon` ago.
    pub fn since(&mut self, mark: Tick, horizon: Duration) {
        self.span(self.now.since(mark).min(horizon));
    }

    /// How far ahead something is, by a clock that reads `now`.
    pub fn until(&mut self, deadline: Tick, now: Tick) {
        self.span(deadline.since(now));
    }

    /// A name that no other of its kind has, and that says nothing else.
    pub fn token(&mut self, token: u64) {
        self.name(Kind::Token, token);
    }

    /// Who sent a message: such a name too.
    pub fn origin(&mut self, origin: u64) {
        self.name(Kind::Origin, origin);
    }

    /// A ticket, which is such a name.
    pub fn ticket(&mut self, ticket: Ticket) {
        self.name(Kind::Ticket, ticket.0);
    }

    /// From now on, these counts are only compared with each other.
    pub fn rank_among(&mut self, counts: impl IntoIterator<Item = u64>) {
        self.ranks.clear();
        self.ranks.extend(counts);
        self.ranks.sort_unstable();
        self.ranks.dedup();
    }

    /// One of the counts that are only compared.
    pub fn rank(&mut self, count: u64) {
        let rank = self.ranks.partition_point(|other| *other < count);
        self.number(rank as u64);
    }

    /// A position.
    pub fn position(&mut self, position: Position) {
        self.number(position.epoch);
        self.number(position.seq);
    }

    /// A history.
    pub fn history(&mut self, history: History) {
        self.number(history.epoch);
        self.name(Kind::Nonce, history.nonce);
    }

    /// What an instance knows of a history.
    pub fn witness(&mut self, ours: Witness) {
        self.history(ours.history);
        self.place(ours.known);
        self.place(ours.unseen);
        self.number(ours.excused);
    }

    /// A place in a history.
    pub fn place(&mut self, place: Place) {
        self.number(place.seq);
        if place.seq > 0 {
            self.entry(place.id);
        }
    }

    /// The id of a log entry: a name too.
    pub fn entry(&mut self, id: u64) {
        self.name(Kind::Entry, id);
    }

    /// What a fence answered.
    pub fn fenced(&mut self, fenced: Fenced) {
        self.history(fenced.history);
        self.place(fenced.place());
        for place in fenced.kept {
            self.place(place);
        }
        self.span(fenced.longest_ttl);
    }

    /// What a ban covers.
    pub fn scope(&mut self, scope: &Scope) {
        match scope {
            Scope::All => self.number(0),
            Scope::Prefix(prefix) => {
                self.number(1);
                self.text(prefix);
            }
            Scope::Glob(glob) => {
                self.number(2);
                self.text(&glob.to_string());
            }
            Scope::Tag(tag) => {
                self.number(3);
                self.text(tag);
            }
        }
    }

    /// What stops being valid.
    pub fn change(&mut self, change: &Change) {
        match change {
            Change::Key(key) => {
                self.number(9);
                self.text(key);
            }
            Change::Ban(scope) => self.scope(scope),
        }
    }

    /// An entry of the log.
    pub fn message(&mut self, message: &Message) {
        self.entry(message.id);
        self.entry(message.before);
        self.origin(message.origin);
        self.list(&message.changes, |to, change| to.change(change));
        self.span(message.longest_ttl.unwrap_or_default());
    }

    /// Something that may be missing.
    pub fn option<T>(&mut self, item: Option<T>, write: impl FnOnce(&mut Self, T)) {
        self.flag(item.is_some());
        if let Some(item) = item {
            write(self, item);
        }
    }

    /// Things whose order matters.
    pub fn list<T>(
        &mut self,
        items: impl IntoIterator<Item = T>,
        mut write: impl FnMut(&mut Self, T),
    ) {
        for item in items {
            self.flag(true);
            write(self, item);
        }
        self.flag(false);
    }

    /// Things whose order does not matter. No names may be met for the first time in them.
    pub fn set<T>(
        &mut self,
        items: impl IntoIterator<Item = T>,
        mut write: impl FnMut(&mut Self, T),
    ) {
        let before = self.hash;
        let mut sum = 0_u64;
        for item in items {
            self.hash = SEED;
            write(self, item);
            sum = sum.wrapping_add(self.hash);
        }
        self.hash = before;
        self.number(sum);
    }

    fn name(&mut self, kind: Kind, number: u64) {
        let of_this_kind = || self.names.iter().filter(|(other, _)| *other == kind);
        let met = of_this_kind().position(|(_, other)| *other == number);
        let place = met.unwrap_or_else(|| of_this_kind().count());
        if met.is_none() {
            self.names.push((kind, number));
        }
        self.number(place as u64);
    }
}
