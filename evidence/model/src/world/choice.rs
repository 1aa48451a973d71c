//! What can happen next.

use super::*;
use crate::node::line::Line;

impl World<'_> {
    /// What can happen next, always in the same order.
    pub(crate) fn actions(&self, to: &mut Vec<Action>) {
        to.clear();
        if self.left.ticks > 0 {
            to.push(Action::Tick);
        }
        self.server_faults(to);
        to.extend((0..self.late.len() as u8).map(Action::Late));
        for by in 0..self.nodes.len() {
            let mut steps = Vec::new();
            self.steps(by, &mut steps);
            to.extend(steps.into_iter().map(|step| Action::By(by as u8, step)));
        }
    }

    fn steps(&self, by: usize, to: &mut Vec<Step>) {
        let node = &self.nodes[by];
        if self.left.removals[by] > 0 {
            to.extend(self.scope.targets.iter().copied().map(Step::Remove));
        }
        let keys = 0..self.scope.keys as u8;
        if self.left.sets[by] > 0 && node.store.is_none() {
            to.extend(keys.clone().map(Step::Set));
        }
        for key in keys.clone() {
            self.ways_to_read(by, key, to);
        }
        self.sending(by, to);
        self.tasks(by, to);
        let stale = keys.filter(|key| self.is_unchecked(by, usize::from(*key)));
        to.extend(stale.map(Step::Recheck));
        self.connections(by, self.scope.listens[by], self.scope.probes[by], to);
        self.instance_faults(by, to);
    }

    fn ways_to_read(&self, by: usize, key: u8, to: &mut Vec<Step>) {
        let node = &self.nodes[by];
        let tokens = self
            .ledger
            .tokens()
            .map(|(index, token)| (Some(index as u8), token));
        let tokens = tokens.take_while(|_| self.scope.tokens);
        for (token, at_least) in [(None, Position::ORIGIN)].into_iter().chain(tokens) {
            let hits = node.hit(usize::from(key), at_least, self.now).is_some();
            if hits && !self.scope.slow.hits {
                continue;
            }
            for how in self.scope.how {
                let may_lead = self.left.reads[by] > 0;
                if !may_lead && *how != How::Load {
                    continue;
                }
                for long in [false, true] {
                    if long && (!self.scope.long_lives || !may_lead) {
                        continue;
                    }
                    to.push(Step::Read {
                        key,
                        how: *how,
                        token,
                        long,
                    });
                }
            }
        }
    }

    pub(super) fn sending(&self, by: usize, to: &mut Vec<Step>) {
        let node = &self.nodes[by];
        if node.delivery.is_none() && !node.outbox.is_empty() && node.line.is_up() {
            to.push(Step::Send);
        }
    }

    pub(super) fn tasks(&self, by: usize, to: &mut Vec<Step>) {
        let node = &self.nodes[by];
        for slot in [Slot::Sender, Slot::Flush] {
            if let Some(delivery) = node.delivery(slot) {
                let task = Task::Batch(slot);
                to.push(if delivery.is_under_way() {
                    Step::Execute(task)
                } else {
                    Step::Settle(task)
                });
            }
        }
        if let Some(store) = &node.store {
            to.push(if store.is_under_way() {
                Step::Execute(Task::Store)
            } else {
                Step::Settle(Task::Store)
            });
        }
        for (index, read) in node.reads.iter().enumerate() {
            let index = index as u8;
            if read.is_under_way() {
                to.push(Step::Execute(Task::Read(index)));
                continue;
            }
            to.push(Step::Proceed(index));
            if read.is_waiting() {
                to.push(Step::GiveUp(index));
            }
            if read.may_share() {
                to.push(Step::Share(index));
            }
        }
    }

    fn is_unchecked(&self, by: usize, key: usize) -> bool {
        let node = &self.nodes[by];
        let hit = node.hit(key, Position::ORIGIN, self.now);
        hit.is_some_and(|copy| {
            let checked = node.recheck(key, copy);
            checked.is_some_and(|checked| checked != copy.checked)
        })
    }

    pub(super) fn connections(&self, by: usize, listens: bool, probes: bool, to: &mut Vec<Step>) {
        let node = &self.nodes[by];
        let mut peers = vec![Peer::Primary];
        if self.scope.misrouted {
            peers.push(Peer::Replica);
        }
        if matches!(node.line, Line::Down) {
            to.extend(peers.iter().copied().map(Step::Connect));
        }
        if node.can_open(self.now) {
            to.push(Step::Open);
        }
        if !listens {
            // The reader of the log gets no turn.
        } else if node.feed.peer.is_none() {
            to.extend(peers.into_iter().map(Step::Listen));
        } else if node.feed.is_busy() {
            to.push(Step::Turn);
        } else {
            if probes && node.wants_to_probe(&self.site, self.now) {
                to.push(Step::Probe);
            }
            let has_to_read = !node.partition.is_synced() && !node.partition.is_disowned();
            if has_to_read || node.has_news(&self.site, self.scope) {
                to.push(Step::ReadLog);
            }
        }
        if self.scope.allowance(Fault::Tidy) > 0 && node.partition.bans() > 0 {
            to.push(Step::Tidy);
        }
    }
}
