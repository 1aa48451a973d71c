//! `set`: as `write/store.rs` and `store.lua` do it.

use unstale_core::{Appended, Canonical, Guard, Message, Witness};

use super::{Around, Copy, Node};
use crate::ledger::{Group, Version};
use crate::scope::{KEYS, Target};
use crate::site::{Peer, Record};
use crate::tale::{Mark, say};

/// A `set` under way.
#[derive(Clone, Debug)]
pub(crate) struct Store {
    pub(crate) key: usize,
    group: Group,
    ours: Witness,
    again: bool,
    stage: Stage,
}

#[derive(Copy, Clone, PartialEq, Debug)]
enum Stage {
    Asked,
    Executed(Appended, Version),
}

impl Store {
    pub(crate) fn is_under_way(&self) -> bool {
        self.stage == Stage::Asked
    }

    pub(crate) fn write(&self, to: &mut Canonical) {
        to.number(self.key as u64);
        self.group.write(to);
        to.flag(self.again);
        match self.stage {
            Stage::Asked => {
                to.number(0);
                to.witness(self.ours);
            }
            Stage::Executed(appended, value) => {
                to.number(1);
                to.fenced(appended.fenced());
                to.number(value.into());
            }
        }
    }
}

impl Node {
    /// Begins a `set`.
    pub(crate) fn begin_store(&mut self, key: usize, around: &mut Around<'_>) {
        let target = Target::Key(key);
        let (by, now) = (around.by, around.now);
        around.ledger().begin(by, target, true);
        let group = around.ledger().newest();
        self.partition.begin(&target.change(), now, &mut self.shelf);
        self.store = Some(Store {
            key,
            group,
            ours: self.partition.witness(),
            again: false,
            stage: Stage::Asked,
        });
        let ttl = around.scope.ttl(false);
        if self.allow_ttl(ttl, around).is_none() || self.use_line(around).is_none() {
            self.fail_store(around);
        } else if let Some(store) = &mut self.store {
            store.ours = self.partition.witness();
        }
    }

    /// The server gets it.
    pub(crate) fn execute_store(&mut self, around: &mut Around<'_>) {
        let Some(peer) = self.line.peer() else {
            return;
        };
        if peer == Peer::Replica {
            return self.lose_line(around);
        }
        let Some(mut store) = self.store.take() else {
            return;
        };
        let (key, now) = (store.key, around.now);
        let message = Message {
            id: around.fresh_name(),
            origin: around.origin(),
            changes: vec![Target::Key(key).change()],
            ..Message::default()
        };
        let Some(appended) = around.site().primary.append(store.ours, &message) else {
            around.tale.mark(Mark::NotFenced);
            if store.again || self.fence_again(peer, around).is_none() {
                self.store = Some(store);
                return self.fail_store(around);
            }
            store.again = true;
            store.ours = self.partition.witness();
            self.store = Some(store);
            return;
        };
        let value = around.ledger().store(store.group, key);
        let (token, ttl) = (around.fresh_name(), around.scope.ttl(false));
        let record = Record {
            token,
            stamp: appended.position(),
            value: Some(value),
            ttl,
        };
        let site = around.site();
        let clock = site.clock(now);
        site.primary.put(KEYS[key], record, clock, clock + ttl);
        site.publish();
        around
            .ledger()
            .execute(store.group, appended.position(), now);
        say!(
            around.tale,
            "the server stores version {value} at {}",
            appended.position()
        );
        store.stage = Stage::Executed(appended, value);
        self.store = Some(store);
    }

    /// The answer arrives.
    pub(crate) fn settle_store(&mut self, around: &mut Around<'_>) {
        let Some(store) = &self.store else {
            return;
        };
        let Stage::Executed(appended, value) = store.stage else {
            return;
        };
        let (key, group) = (store.key, store.group);
        let (position, now) = (appended.position(), around.now);
        let change = Target::Key(key).change();
        let counts = self.adopt(appended.fenced(), around)
            && self
                .partition
                .acknowledge(&change, 1, appended, now, &mut self.shelf);
        if !counts {
            return self.fail_store(around);
        }
        self.store = None;
        around.ledger().acknowledge(group, position, now);
        say!(around.tale, "its set is acknowledged at {position}");
        if !Guard::SetLeavesL1Alone.holds() {
            self.shelf.0[key] = Some(Copy {
                value,
                stamp: position,
                checked: self.partition.bans_arrived(),
                lives_until: now + around.scope.ttl(false),
            });
            say!(around.tale, "and keeps version {value} in L1");
        }
    }

    /// It was not acknowledged: it becomes a removal.
    pub(crate) fn fail_store(&mut self, around: &mut Around<'_>) {
        let Some(store) = self.store.take() else {
            return;
        };
        let change = Target::Key(store.key).change();
        around.ledger().put_back(store.group);
        if Guard::UnacknowledgedSetRemoves.holds() {
            self.outbox.push(change, None);
            self.collapse_if_over(around);
            say!(
                around.tale,
                "its set is not confirmed, and becomes a removal"
            );
        } else {
            self.partition.end(&change, 1, around.now);
            say!(around.tale, "its set is not confirmed, and given up");
        }
    }
}
