//! Walks through the world in random order. After every step the contract is checked: F1, F2, F3,
//! F6, and that no copy survives that should not.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::world::{KEYS, WALK_LIMITS, World, tags_of, version};
use super::*;
use crate::Reach;

const WALKS: u64 = 400;
const STEPS: u32 = 1000;

impl World {
    /// Whatever went wrong before, nothing stays pending, and both follow the log.
    fn check_at_rest(&self) {
        self.check();
        for node in &self.nodes {
            let partition = &node.instance.partition;
            assert_eq!(node.outbox.unacknowledged(), 0);
            assert!(node.instance.is_proven(self.now), "{partition:?}");
            assert_eq!(Some(partition.position()), self.server.tail());
            for key in KEYS {
                let reach = partition.reach(key, partition.known(), self.now);
                assert_eq!(reach, Reach::Direct, "{key} in {partition:?}");
                let accepted = partition.accepts(key, &tags_of(key), partition.known());
                assert!(accepted, "{key} in {partition:?}");
            }
        }
    }

    fn check(&self) {
        for at in 0..self.nodes.len() {
            for key in KEYS {
                self.check_l1(at, key);
            }
        }
        let tail = self.server.tail();
        let snapshot = self.server.snapshot();
        for (key, record) in self.server.records() {
            let (Some(value), Some(snapshot), Some(_)) = (record.value, &snapshot, tail) else {
                continue;
            };
            if self.now < record.expires && snapshot.accepts(key, &record.tags, record.stamp) {
                let executed = version(&self.executed, key);
                assert!(
                    value >= executed,
                    "F1: L2 has {record:?} of {key}, not {executed}"
                );
            }
        }
    }

    fn check_l1(&self, at: usize, key: &str) {
        let instance = &self.nodes[at].instance;
        let Some(copy) = instance.shelf.0.get(key) else {
            return;
        };
        let value = copy.value;
        let position = instance.partition.position();
        if self.serves(at, key, Position::ORIGIN) {
            let own = version(&self.own[at], key);
            assert!(value >= own, "F2: {at} serves {copy:?} of {key}, not {own}");
            for (when, token, versions) in &self.acknowledged {
                let removed = version(versions, key);
                let long_ago = *when + WALK_LIMITS.max_staleness <= self.now;
                assert!(
                    value >= removed || !long_ago,
                    "F3: {at} serves {copy:?} of {key}, removed at {token} as {removed}"
                );
                assert!(
                    value >= removed || position < *token,
                    "F6: {at} serves {copy:?} of {key} to the holder of {token}"
                );
            }
        }
        let caught_up = instance.partition.is_synced() && self.server.tail() == Some(position);
        if caught_up && self.now < copy.lives_until && instance.holds(key) {
            let executed = version(&self.executed, key);
            assert!(
                value >= executed,
                "{at} still has {copy:?} of {key}, not {executed}"
            );
        }
    }
}

#[test]
fn whatever_happens_the_contract_holds() {
    let mut hits = 0;
    for seed in 0..WALKS {
        let mut world = World::new(seed);
        let walk = AssertUnwindSafe(|| {
            for _ in 0..STEPS {
                world.step();
                world.check();
            }
            world.come_to_rest();
            world.check_at_rest();
        });
        assert!(catch_unwind(walk).is_ok(), "walk {seed} broke the contract");
        hits += world.hits;
    }
    // A walk in which L1 never answers would hold any contract.
    assert!(hits > WALKS * 10, "only {hits} hits");
}
