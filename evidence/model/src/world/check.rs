//! The promises, in every state.

use super::*;
use crate::ledger::Version;
use crate::node::tags;
use crate::promise::Promise;

impl World<'_> {
    /// Whether the contract holds right now.
    pub(crate) fn check(&mut self, tale: &mut Tale) -> Result<(), Violation> {
        for key in 0..self.scope.keys {
            self.check_l2(key)?;
            for by in [0, 1] {
                self.check_copy(by, key)?;
                self.check_reads_now(by, key, tale)?;
            }
        }
        for by in [0, 1] {
            self.check_detection(by, tale)?;
        }
        Ok(())
    }

    /// F1: whoever knows what the server knows is given nothing from before an executed removal.
    fn check_l2(&self, key: usize) -> Result<(), Violation> {
        let Some(looked) = self.site.look(Peer::Primary, key, self.now) else {
            return Ok(());
        };
        let record = looked.record;
        let executed = self.ledger.executed(key);
        let Some(value) = record.value.filter(|value| *value < executed) else {
            return Ok(());
        };
        let is_accepted = self
            .site
            .primary
            .snapshot()
            .is_some_and(|snapshot| snapshot.accepts(KEYS[key], &tags(key), record.stamp));
        if !is_accepted {
            return Ok(());
        }
        Err(Violation {
            promise: Promise::F1,
            what: format!(
                "L2 has version {value} of {}, and the removal of {executed} is executed",
                KEYS[key]
            ),
        })
    }

    /// F1: no L1 that has applied a removal holds anything from before it.
    fn check_copy(&self, by: usize, key: usize) -> Result<(), Violation> {
        let node = &self.nodes[by];
        let Some(copy) = &node.shelf.0[key] else {
            return Ok(());
        };
        let applied = self
            .ledger
            .applied(by, key, node.partition.position(), self.scope);
        let is_old = copy.value < applied;
        if !is_old || self.now >= copy.lives_until || !node.is_valid(key, copy) {
            return Ok(());
        }
        Err(Violation {
            promise: Promise::F1,
            what: format!(
                "{} has applied the removal of version {applied} of {}, and holds {}",
                NAMES[by], KEYS[key], copy.value
            ),
        })
    }

    /// F2, F3 and F6: what a read gets that starts now and is answered at once.
    fn check_reads_now(&mut self, by: usize, key: usize, tale: &mut Tale) -> Result<(), Violation> {
        let mut asked = vec![(None, Position::ORIGIN)];
        if self.scope.tokens {
            let tokens = self.ledger.tokens();
            asked.extend(tokens.map(|(index, token)| (Some(index), token)));
        }
        for (token, at_least) in asked {
            let hit = self.nodes[by].hit(key, at_least, self.now);
            if let Some(copy) = hit {
                tale.mark(Mark::L1Hit);
                self.check_read(by, key, token, copy.value, "L1")?;
            }
            let (node, around) = self.around(by, tale);
            if let Some(value) = node.look_now(key, at_least, &around) {
                if token.is_some() {
                    around.tale.mark(Mark::TokenHonoured);
                }
                self.check_read(by, key, token, value, "L2")?;
            }
        }
        Ok(())
    }

    fn check_read(
        &self,
        by: usize,
        key: usize,
        token: Option<usize>,
        value: Version,
        tier: &str,
    ) -> Result<(), Violation> {
        let floors = self.ledger.floors(by, key, token, self.now, self.scope);
        let Some((promise, floor)) = floors.into_iter().find(|(_, floor)| value < *floor) else {
            return Ok(());
        };
        Err(Violation {
            promise,
            what: format!(
                "a read of {} on {} is given version {value} from {tier}, and has to see {floor}",
                KEYS[key], NAMES[by]
            ),
        })
    }

    /// F4: whoever is proven has applied all that was executed `MaxStaleness` ago, and follows
    /// no history that was over by then.
    pub(super) fn check_detection(&self, by: usize, tale: &mut Tale) -> Result<(), Violation> {
        let node = &self.nodes[by];
        if !node.is_proven(self.now) {
            tale.mark(Mark::Unproven);
            return Ok(());
        }
        let (at, max_staleness) = (node.partition.position(), self.max_staleness());
        let missed = self.ledger.missed(by, at, self.now, max_staleness);
        let is_over = self.breaks.iter().any(|(since, history)| {
            *history == node.history() && self.now >= *since + max_staleness
        });
        let what = match missed.and_then(|write| write.executed) {
            Some((_, position)) => format!("has not applied {position}, executed"),
            None if is_over => "follows a history that was over".to_owned(),
            None => return Ok(()),
        };
        Err(Violation {
            promise: Promise::F4,
            what: format!(
                "{} is proven at {at}, and {what} MaxStaleness ago",
                NAMES[by]
            ),
        })
    }
}
