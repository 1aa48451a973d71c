//! The world: two instances with L1, two connections each, one L2, one log, a source, and
//! whatever may befall them.

use std::sync::Arc;
use std::time::Duration;

use unstale_core::{Canonical, History, Position, Tick};

use crate::action::{Action, Step, Task};
use crate::late::Late;
use crate::ledger::Ledger;
use crate::node::delivery::Slot;
use crate::node::line::Line;
use crate::node::{Around, NAMES, Node};
use crate::promise::Violation;
use crate::scope::{Fate, Fault, How, KEYS, Scope, TICK, Target};
use crate::site::{Peer, Site};
use crate::tale::{Mark, Tale, say};

mod check;
mod faults;
mod rest;
mod start;

/// When a world begins: later than any span.
const BEGINNING: Tick = Tick::from_nanos(1_000_000 * TICK.as_nanos() as u64);

#[derive(Clone, Debug)]
pub(crate) struct World<'a> {
    scope: &'a Scope,
    now: Tick,
    site: Arc<Site>,
    nodes: [Arc<Node>; 2],
    ledger: Arc<Ledger>,
    late: Vec<Late>,
    /// Histories that are over, and since when.
    breaks: Vec<(Tick, History)>,
    /// The last name that was given to anything.
    names: u64,
    left: Left,
}

/// What may still happen.
#[derive(Clone, PartialEq, Debug)]
struct Left {
    removals: [u8; 2],
    sets: [u8; 2],
    reads: [u8; 2],
    ticks: u8,
    faults: [u8; Fault::COUNT],
}

impl<'a> World<'a> {
    fn around<'b>(&'b mut self, by: usize, tale: &'b mut Tale) -> (&'b mut Node, Around<'b>) {
        let around = Around {
            scope: self.scope,
            by,
            now: self.now,
            site: &mut self.site,
            ledger: &mut self.ledger,
            names: &mut self.names,
            tale,
        };
        (Arc::make_mut(&mut self.nodes[by]), around)
    }

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

    fn sending(&self, by: usize, to: &mut Vec<Step>) {
        let node = &self.nodes[by];
        if node.delivery.is_none() && !node.outbox.is_empty() && node.line.is_up() {
            to.push(Step::Send);
        }
    }

    fn tasks(&self, by: usize, to: &mut Vec<Step>) {
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

    fn connections(&self, by: usize, listens: bool, probes: bool, to: &mut Vec<Step>) {
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

    /// Takes one step.
    pub(crate) fn step(&mut self, action: Action, tale: &mut Tale) -> Result<(), Violation> {
        let result = match action {
            Action::Tick => {
                self.left.ticks -= 1;
                self.now = self.now + TICK;
                say!(tale, "time passes");
                Ok(())
            }
            Action::Befalls(fault, key) => {
                self.befall(fault, usize::from(key), tale);
                Ok(())
            }
            Action::FailOver(fates) => {
                self.fail_over(fates, tale);
                Ok(())
            }
            Action::Late(index) => {
                let late = self.late.remove(usize::from(index));
                let (_, mut around) = self.around(0, tale);
                late.execute(&mut around);
                Ok(())
            }
            Action::By(by, step) => self.step_by(usize::from(by), step, tale),
        };
        self.hand_out();
        result
    }

    fn step_by(&mut self, by: usize, step: Step, tale: &mut Tale) -> Result<(), Violation> {
        match step {
            Step::Remove(_) => self.left.removals[by] -= 1,
            Step::Set(_) => self.left.sets[by] -= 1,
            Step::Suffers(fault, task) => {
                self.suffer(by, fault, task, tale);
                return Ok(());
            }
            Step::CutLine => self.left.faults[Fault::CutLine as usize] -= 1,
            Step::CutFeed => self.left.faults[Fault::CutFeed as usize] -= 1,
            Step::LosePush => self.left.faults[Fault::LosePush as usize] -= 1,
            _ => {}
        }
        let may_lead = self.left.reads[by] > 0;
        let (node, mut around) = self.around(by, tale);
        let around = &mut around;
        match step {
            Step::Remove(target) => {
                node.remove(target, around);
                say!(
                    around.tale,
                    "writes the source, and removes {}",
                    name_of(target)
                );
            }
            Step::Set(key) => {
                node.begin_store(key.into(), around);
                say!(
                    around.tale,
                    "writes the source, and sets {}",
                    KEYS[usize::from(key)]
                );
            }
            Step::Read {
                key,
                how,
                token,
                long,
            } => {
                let token = token.map(usize::from);
                if may_lead {
                    if node.arrive(key.into(), how, token, long, around) {
                        self.left.reads[by] -= 1;
                    }
                } else {
                    node.join_only(key.into(), token, around);
                }
            }
            Step::Send => node.send(around),
            Step::Execute(task) => match task {
                Task::Batch(slot) => node.execute_delivery(slot, around),
                Task::Store => node.execute_store(around),
                Task::Read(index) => node.execute_read(index.into(), around),
            },
            Step::Settle(task) => match task {
                Task::Batch(slot) => node.settle(slot, around),
                Task::Store => node.settle_store(around),
                Task::Read(_) => {}
            },
            Step::Proceed(index) => return node.proceed(index.into(), around),
            Step::GiveUp(index) => {
                node.give_up_waiting(index.into());
                say!(around.tale, "its read waits no longer for another's fill");
            }
            Step::Recheck(key) => {
                let key = usize::from(key);
                if let Some(copy) = node.shelf.0[key].clone() {
                    node.note_checked(key, &copy);
                }
                say!(around.tale, "a hit compares {} with the bans", KEYS[key]);
            }
            Step::Connect(peer) => return node.connect(peer, around),
            Step::Open => return node.open(around),
            Step::Listen(peer) => node.listen(peer, around),
            Step::Probe | Step::ReadLog => {
                match step {
                    Step::Probe => node.probe(around),
                    _ => node.read_log(around),
                }
                if !around.scope.slow.feeds {
                    node.turn(around);
                }
            }
            Step::Turn => node.turn(around),
            Step::Tidy => {
                let before = node.partition.bans();
                node.partition.tidy(around.now);
                if node.partition.bans() < before {
                    around.tale.mark(Mark::BansForgotten);
                    say!(around.tale, "forgets bans that forbid nothing any longer");
                }
            }
            Step::CutLine => {
                node.lose_line(around);
                say!(around.tale, "its connection for commands is cut");
            }
            Step::CutFeed => {
                node.feed.lose();
                say!(around.tale, "its connection to the log is cut");
            }
            Step::LosePush => {
                node.feed.pushed.pop_front();
                say!(around.tale, "a message to it is lost");
            }
            Step::Suffers(..) => {}
        }
        Ok(())
    }

    /// Whatever was published reaches those who listen.
    fn hand_out(&mut self) {
        if self.site.published.is_empty() {
            return;
        }
        let published = std::mem::take(&mut Arc::make_mut(&mut self.site).published);
        for node in &mut self.nodes {
            if node.feed.peer == Some(Peer::Primary) {
                let node = Arc::make_mut(node);
                node.feed.pushed.extend(published.iter().cloned());
            }
        }
    }

    fn max_staleness(&self) -> Duration {
        self.scope.max_staleness()
    }

    /// The same for worlds that behave alike, and where both instances may do the same, also when
    /// they have changed places.
    pub(crate) fn fingerprint(&self, by: &mut Canonical) -> u64 {
        self.write(by, [0, 1]);
        let fingerprint = by.fingerprint();
        if !self.scope.is_symmetric() {
            return fingerprint;
        }
        self.write(by, [1, 0]);
        fingerprint.min(by.fingerprint())
    }

    fn write(&self, to: &mut Canonical, order: [usize; 2]) {
        to.start(self.now);
        to.list(order, |to, by| to.origin(by as u64 + 1));
        for by in order {
            self.nodes[by].write(to, self.scope, self.now);
            to.number(self.left.removals[by].into());
            to.number(self.left.sets[by].into());
            to.number(self.left.reads[by].into());
        }
        let read = self.nodes.iter().map(|node| node.partition.position());
        self.site
            .write(to, self.now, read.min().unwrap_or_default());
        // The order of the instances is its own inverse.
        self.ledger.write(to, order, self.max_staleness());
        to.list(&self.late, |to, late| late.write(to));
        to.list(&self.breaks, |to, (since, history)| {
            to.since(*since, self.max_staleness());
            to.history(*history);
        });
        to.number(self.left.ticks.into());
        to.list(self.left.faults, |to, left| to.number(left.into()));
    }

    /// Who takes a step, for those who read it.
    pub(crate) fn who(action: Action) -> &'static str {
        match action {
            Action::By(by, _) => NAMES[usize::from(by)],
            _ => "",
        }
    }

    /// How many ticks have passed.
    pub(crate) fn ticks(&self) -> u64 {
        let passed = self.now.since(BEGINNING).as_nanos() / TICK.as_nanos();
        u64::try_from(passed).unwrap_or(u64::MAX)
    }
}

fn name_of(target: Target) -> String {
    match target {
        Target::Key(key) => KEYS[key].to_owned(),
        Target::Pattern => "everything that matches a:*".to_owned(),
        Target::Tag => format!("everything tagged {}", crate::scope::TAG),
        Target::Elsewhere => "everything that matches b:*".to_owned(),
    }
}
