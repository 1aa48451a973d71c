//! Coming to rest: when nothing befalls anybody any more, everything works again.

use super::*;
use crate::promise::Promise;

/// More turns than anybody should need.
const PATIENCE: usize = 60;

impl World<'_> {
    /// Whether nothing is left that may happen, but for what the instances do of themselves.
    pub(crate) fn is_used_up(&self) -> bool {
        let used = |left: &[u8]| left.iter().all(|left| *left == 0);
        let is_a_fault = |index: usize| index != Fault::Tidy as usize;
        let faults = self.left.faults.iter().enumerate();
        let mut faults = faults.filter(|(index, _)| is_a_fault(*index));
        used(&self.left.removals)
            && used(&self.left.sets)
            && faults.all(|(_, left)| *left == 0)
            && self.late.is_empty()
            && !self.nodes.iter().any(|node| node.is_busy())
    }

    /// Lets everybody finish, and looks whether all is well.
    pub(crate) fn rests(&self, tale: &mut Tale) -> Result<(), Violation> {
        let mut world = self.clone();
        // A lease that was left behind runs out, by the clock of a server that is behind.
        let behind = TICK * world.site.behind();
        world.now = world.now + world.scope.limits().lease_ttl + behind;
        for by in [0, 1, 0, 1] {
            world.settle_down(by);
        }
        // A history that was broken in place is found out by whoever comes first, and then by the other.
        if world.scope.allowance(Fault::GoBack) > 0 {
            world.settle_down(0);
            world.settle_down(1);
            world.check_detection(0, tale)?;
            world.check_detection(1, tale)?;
            Arc::make_mut(&mut world.ledger).is_found_out();
        }
        for by in [0, 1] {
            world.check_rest(by)?;
            for key in 0..world.scope.keys {
                world.check_reads(by, key)?;
            }
        }
        tale.mark(Mark::Rested);
        Ok(())
    }

    /// Lets an instance connect, send, and follow, until there is nothing left to do.
    pub(super) fn settle_down(&mut self, by: usize) {
        for _ in 0..PATIENCE {
            let mut steps = Vec::new();
            self.connections(by, true, true, &mut steps);
            self.sending(by, &mut steps);
            self.tasks(by, &mut steps);
            let elsewhere = [Step::Connect(Peer::Replica), Step::Listen(Peer::Replica)];
            let mut useful = steps
                .into_iter()
                .filter(|step| *step != Step::Tidy && !elsewhere.contains(step));
            match useful.next() {
                // Whatever goes wrong on the way shows at its end.
                Some(step) => drop(self.step_by(by, step, &mut Tale::default())),
                None => return,
            }
            self.hand_out();
        }
    }

    /// Reads a key through all tiers.
    pub(super) fn read_through(&mut self, by: usize, key: usize) {
        let mut tale = Tale::default();
        let (node, mut around) = self.around(by, &mut tale);
        node.load(key, &mut around);
        for _ in 0..PATIENCE {
            let mut steps = Vec::new();
            self.tasks(by, &mut steps);
            match steps.first() {
                Some(step) => drop(self.step_by(by, *step, &mut tale)),
                None => return,
            }
        }
    }

    fn check_rest(&self, by: usize) -> Result<(), Violation> {
        let node = &self.nodes[by];
        let wrong = if node.outbox.unacknowledged() > 0 {
            "has removals that are never acknowledged"
        } else if !node.line.is_up() {
            "never gets a server into service"
        } else if !node.is_proven(self.now) {
            "never proves itself"
        } else if self.site.tail() != Some(node.partition.position()) {
            "never catches up with the log"
        } else {
            return Ok(());
        };
        Err(self.never_rests(by, wrong))
    }

    /// Once all is well, what is read is stored in L2 and L1, and found there.
    fn check_reads(&mut self, by: usize, key: usize) -> Result<(), Violation> {
        // The first read may find a lease that was left behind.
        for _ in 0..2 {
            if self.nodes[by]
                .hit(key, Position::ORIGIN, self.now)
                .is_none()
            {
                self.read_through(by, key);
            }
        }
        let newest = self.ledger.source[key];
        let hit = self.nodes[by].hit(key, Position::ORIGIN, self.now);
        if hit.is_some_and(|copy| copy.value == newest) {
            return Ok(());
        }
        let wrong = format!("does not get the newest version of {} into L1", KEYS[key]);
        Err(self.never_rests(by, &wrong))
    }

    fn never_rests(&self, by: usize, wrong: &str) -> Violation {
        Violation {
            promise: Promise::F5,
            what: format!("when nothing befalls it any more, {} {wrong}", NAMES[by]),
        }
    }
}
