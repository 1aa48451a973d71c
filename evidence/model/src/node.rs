//! One instance: its share of the protocol, and the tasks that drive it as those of the library do.

use std::sync::Arc;

use unstale_core::{
    Canonical, Copies, Fenced, Guard, History, Outbox, Partition, Position, Tick, Validity,
};

use crate::ledger::{Ledger, Version};
use crate::scope::{KEYS, Scope, TAG};
use crate::site::{Peer, Site};
use crate::tale::{Mark, Tale};

pub(crate) mod delivery;
pub(crate) mod feed;
pub(crate) mod hit;
pub(crate) mod line;
pub(crate) mod read;
pub(crate) mod store;

use delivery::Delivery;
use feed::Feed;
use line::Line;
use read::Read;
use store::Store;

/// How the instances are called.
pub(crate) const NAMES: [&str; 2] = ["A", "B"];

/// A copy as L1 holds it.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Copy {
    pub(crate) value: Version,
    pub(crate) stamp: Position,
    pub(crate) checked: u64,
    pub(crate) lives_until: Tick,
}

/// L1.
#[derive(Clone, Default, Debug)]
pub(crate) struct Shelf(pub(crate) [Option<Copy>; KEYS.len()]);

impl Copies for Shelf {
    fn drop_key(&mut self, key: &str) {
        if let Some(index) = KEYS.iter().position(|name| *name == key) {
            self.0[index] = None;
        }
    }

    fn drop_all(&mut self) {
        self.0 = Default::default();
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub(crate) partition: Partition,
    pub(crate) shelf: Shelf,
    pub(crate) outbox: Outbox<()>,
    /// The connection for commands.
    pub(crate) line: Line,
    /// The connection to the log, and its reader.
    pub(crate) feed: Feed,
    /// The batch that the sender has under way.
    pub(crate) delivery: Option<Delivery>,
    /// A `set` under way.
    pub(crate) store: Option<Store>,
    pub(crate) reads: Vec<Read>,
}

/// What surrounds an instance that takes a step.
pub(crate) struct Around<'a> {
    pub(crate) scope: &'a Scope,
    /// Which instance it is.
    pub(crate) by: usize,
    pub(crate) now: Tick,
    pub(crate) site: &'a mut Arc<Site>,
    pub(crate) ledger: &'a mut Arc<Ledger>,
    /// The last name that was given to anything.
    pub(crate) names: &'a mut u64,
    pub(crate) tale: &'a mut Tale,
}

impl Around<'_> {
    pub(crate) fn site(&mut self) -> &mut Site {
        Arc::make_mut(self.site)
    }

    pub(crate) fn ledger(&mut self) -> &mut Ledger {
        Arc::make_mut(self.ledger)
    }

    pub(crate) fn fresh_name(&mut self) -> u64 {
        *self.names += 1;
        *self.names
    }

    /// The sender's id in messages.
    pub(crate) fn origin(&self) -> u64 {
        self.by as u64 + 1
    }
}

/// The tags of a key.
pub(crate) fn tags(key: usize) -> Vec<Arc<str>> {
    if key == 0 { vec![TAG.into()] } else { vec![] }
}

impl Node {
    pub(crate) fn new(scope: &Scope) -> Self {
        Self {
            partition: Partition::new(scope.limits(), scope.ttl(false)),
            shelf: Shelf::default(),
            outbox: Outbox::new(scope.max_pending),
            line: Line::Down,
            feed: Feed::default(),
            delivery: None,
            store: None,
            reads: Vec::new(),
        }
    }

    pub(crate) fn history(&self) -> History {
        self.partition.history()
    }

    pub(crate) fn is_proven(&self, now: Tick) -> bool {
        now < self.partition.holds_until()
    }

    /// Passes the fence of a server, and takes note of its answer: `fence.rs`'s `pass`. `None`
    /// where the server refuses.
    pub(crate) fn pass_fence(&mut self, peer: Peer, around: &mut Around<'_>) -> Option<Fenced> {
        // A history that never becomes ours is asked for again and again.
        (0..4).find_map(|_| {
            let fenced = self.ask_fence(peer, around)?;
            self.adopt(fenced, around).then_some(fenced)
        })
    }

    /// Asks a server for its history; the answer is still to be taken note of.
    pub(crate) fn ask_fence(&mut self, peer: Peer, around: &mut Around<'_>) -> Option<Fenced> {
        if peer == Peer::Replica && Guard::FenceRefusesReplicas.holds() {
            around.tale.mark(Mark::ReplicaRefused);
            return None;
        }
        let (ours, longest_ttl) = (self.partition.witness(), self.partition.longest_ttl());
        let (nonce, now) = (around.fresh_name(), around.now);
        around.site().fence(peer, ours, nonce, longest_ttl, now)
    }

    pub(crate) fn adopt(&mut self, fenced: Fenced, around: &mut Around<'_>) -> bool {
        let before = self.history();
        let adopted = self.partition.adopt(fenced, &mut self.shelf);
        if self.history() != before {
            around.tale.mark(Mark::NewEpoch);
        }
        adopted
    }

    /// Whether a copy may be served as far as bans are concerned.
    pub(crate) fn is_valid(&self, key: usize, copy: &Copy) -> bool {
        copy.checked == self.partition.bans_arrived() || self.recheck(key, copy).is_some()
    }

    /// Compares a copy with the bans: from when on it need not be compared again.
    pub(crate) fn recheck(&self, key: usize, copy: &Copy) -> Option<u64> {
        let validity = self
            .partition
            .validity(KEYS[key], &tags(key), copy.stamp, copy.checked);
        match validity {
            Validity::Valid { checked } => Some(checked),
            Validity::Banned => None,
        }
    }

    /// Whether anything of it still goes on.
    pub(crate) fn is_busy(&self) -> bool {
        !self.reads.is_empty() || self.delivery.is_some() || self.store.is_some()
    }

    pub(crate) fn write(&self, to: &mut Canonical, scope: &Scope, now: Tick) {
        let copies = || self.shelf.0.iter().flatten();
        let taken = self.reads.iter().filter_map(Read::copy_in_hand);
        let checked = copies().chain(taken).map(|copy| copy.checked);
        to.rank_among(self.partition.arrivals().chain(checked));
        to.list(&self.shelf.0, |to, copy| {
            to.option(copy.as_ref(), |to, copy| copy.write(to, now));
        });
        to.list(&self.reads, |to, read| read.write(to, scope, now));
        self.partition.write(to);
        self.outbox.write(to);
        self.line.write(to);
        self.feed.write(to, scope);
        to.option(self.delivery.as_ref(), |to, delivery| delivery.write(to));
        to.option(self.store.as_ref(), |to, store| store.write(to));
    }
}

impl Copy {
    pub(crate) fn write(&self, to: &mut Canonical, now: Tick) {
        to.number(self.value.into());
        to.position(self.stamp);
        to.rank(self.checked);
        to.until(self.lives_until, now);
    }
}
