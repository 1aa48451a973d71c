//! What befalls servers and instances.

use super::*;

/// How much others append to a server that went back, before those who know more speak to it: more
/// than was lost.
const OTHERS: u8 = 2;

impl World<'_> {
    fn may(&self, fault: Fault) -> bool {
        self.left.faults[fault as usize] > 0
    }

    pub(super) fn server_faults(&self, to: &mut Vec<Action>) {
        if self.may(Fault::GoBack) && self.site.has_gone_on() {
            to.extend((0..=OTHERS).map(|times| Action::Befalls(Fault::GoBack, times)));
        }
        for fault in [
            Fault::LoseMeta,
            Fault::LoseLog,
            Fault::Trim,
            Fault::Flush,
            Fault::Restart,
            Fault::RestartEmpty,
            Fault::Replicate,
            Fault::ClockBack,
        ] {
            if self.may(fault) {
                to.push(Action::Befalls(fault, 0));
            }
        }
        if self.may(Fault::Evict) {
            let held = (0..self.scope.keys)
                .filter(|key| self.site.look(Peer::Primary, *key, self.now).is_some());
            to.extend(held.map(|key| Action::Befalls(Fault::Evict, key as u8)));
        }
        if self.may(Fault::Failover) {
            self.failovers(to);
        }
    }

    /// One for every combination of what may become of the connections that are up.
    fn failovers(&self, to: &mut Vec<Action>) {
        let lines = self.nodes.iter().map(|node| node.line.peer());
        let feeds = self.nodes.iter().map(|node| node.feed.peer);
        let mut combinations = vec![[Fate::Cut; 4]];
        for (index, peer) in lines.chain(feeds).enumerate() {
            if peer.is_none() {
                continue;
            }
            let varied = combinations.into_iter().flat_map(|fates| {
                self.scope.fates[index].iter().map(move |fate| {
                    let mut fates = fates;
                    fates[index] = *fate;
                    fates
                })
            });
            combinations = varied.collect();
        }
        to.extend(combinations.into_iter().map(Action::FailOver));
    }

    pub(super) fn befall(&mut self, fault: Fault, key: usize, tale: &mut Tale) {
        self.left.faults[fault as usize] -= 1;
        let before = self.site.primary.fenced().map(|fenced| fenced.history);
        let site = Arc::make_mut(&mut self.site);
        match fault {
            Fault::Evict => {
                site.primary.evict(KEYS[key]);
                say!(tale, "the record of {} is evicted", KEYS[key]);
            }
            Fault::LoseMeta => {
                site.primary.lose_meta();
                say!(tale, "meta is evicted");
            }
            Fault::LoseLog => {
                site.primary.lose_log();
                say!(tale, "the log is evicted");
            }
            Fault::Trim => {
                site.primary.trim(0);
                say!(tale, "the log is trimmed");
            }
            Fault::Flush => {
                site.primary.flush();
                say!(tale, "the server is flushed");
            }
            Fault::Restart => {
                site.primary.change_owner();
                say!(tale, "the server is restarted with its data");
            }
            Fault::RestartEmpty => {
                site.primary.flush();
                site.primary.change_owner();
                say!(tale, "the server is restarted, and has lost everything");
            }
            Fault::Replicate => {
                site.replicate();
                say!(tale, "the replica catches up");
            }
            Fault::GoBack => {
                let tail = site.go_back();
                for _ in 0..key {
                    self.names += 1;
                    site.others_append(self.names);
                }
                say!(
                    tale,
                    "the server goes back to what it was, and others append {key} entries"
                );
                if Arc::make_mut(&mut self.ledger).go_back(tail, self.now) {
                    tale.mark(Mark::LostForGood);
                    say!(tale, "removals are lost, and their positions free again");
                    self.breaks
                        .extend(before.map(|history| (self.now, history)));
                }
            }
            Fault::ClockBack => {
                site.step_back(self.scope.spans.step_back);
                say!(tale, "the server's clock steps back");
            }
            _ => {}
        }
        let restarts = matches!(fault, Fault::Restart | Fault::RestartEmpty);
        if restarts {
            for by in 0..self.nodes.len() {
                self.meet_fates(by, Fate::Cut, Fate::Cut, tale);
            }
        }
        let is_over = restarts || self.site.primary.fenced().is_none();
        if let Some(history) = before.filter(|_| is_over) {
            self.breaks.push((self.now, history));
        }
    }

    pub(super) fn fail_over(&mut self, fates: [Fate; 4], tale: &mut Tale) {
        self.left.faults[Fault::Failover as usize] -= 1;
        let before = self.site.primary.fenced().map(|fenced| fenced.history);
        let tail = Arc::make_mut(&mut self.site).fail_over();
        let after = self.site.primary.fenced().map(|fenced| fenced.history);
        let survived = [0, 1].map(|by| fates[by] != Fate::Cut);
        say!(tale, "the replica takes over");
        let now = self.now;
        if Arc::make_mut(&mut self.ledger).fail_over(tail, survived, now) {
            tale.mark(Mark::LostForGood);
            say!(tale, "removals that it had not got are lost");
        }
        for by in 0..self.nodes.len() {
            self.meet_fates(by, fates[by], fates[2 + by], tale);
            let (node, around) = self.around(by, tale);
            node.forgive_reads(&around);
        }
        let over = before.into_iter().chain(after.filter(|_| after != before));
        self.breaks.extend(over.map(|history| (now, history)));
    }

    /// What becomes of an instance's connections when its server does.
    fn meet_fates(&mut self, by: usize, line: Fate, feed: Fate, tale: &mut Tale) {
        let (node, mut around) = self.around(by, tale);
        let who = NAMES[by];
        let mut tell = |what, fate| match fate {
            Fate::Cut => say!(around.tale, "{who}'s connection {what} is cut"),
            Fate::Follow => say!(around.tale, "{who}'s connection {what} goes on with it"),
            Fate::Stay => say!(
                around.tale,
                "{who}'s connection {what} stays with the old primary"
            ),
        };
        if node.feed.peer.is_some() {
            tell("to the log", feed);
            match feed {
                Fate::Cut => node.feed.lose(),
                Fate::Follow => {}
                Fate::Stay => node.feed.peer = Some(Peer::Replica),
            }
        }
        if node.line.peer().is_some() {
            tell("for commands", line);
            match line {
                Fate::Cut => node.lose_line(&mut around),
                Fate::Follow => {}
                Fate::Stay => node.line.redirect(Peer::Replica),
            }
        }
    }

    pub(super) fn instance_faults(&self, by: usize, to: &mut Vec<Step>) {
        let node = &self.nodes[by];
        if self.may(Fault::CutLine) && node.line.peer().is_some() {
            to.push(Step::CutLine);
        }
        if self.may(Fault::CutFeed) && node.feed.peer.is_some() {
            to.push(Step::CutFeed);
        }
        if self.may(Fault::LosePush) && !node.feed.pushed.is_empty() {
            to.push(Step::LosePush);
        }
        let losses = [Fault::LoseRequest, Fault::LateRequest, Fault::LoseAnswer];
        for fault in losses.into_iter().filter(|fault| self.may(*fault)) {
            let under_way = self.under_way(by);
            to.extend(under_way.map(|task| Step::Suffers(fault, task)));
        }
        if self.may(Fault::Cancel) {
            let reads = 0..node.reads.len() as u8;
            to.extend(reads.map(|index| Step::Suffers(Fault::Cancel, Task::Read(index))));
        }
    }

    /// What a server has something to do for.
    fn under_way(&self, by: usize) -> impl Iterator<Item = Task> + '_ {
        let node = &self.nodes[by];
        let batches = [Slot::Sender, Slot::Flush].into_iter().filter(|slot| {
            let delivery = node.delivery(*slot);
            delivery.is_some_and(|delivery| delivery.is_unexecuted())
        });
        let store = node.store.as_ref().filter(|store| store.is_under_way());
        let reads = node.reads.iter().enumerate();
        let reads = reads.filter(|(_, read)| read.is_under_way());
        batches
            .map(Task::Batch)
            .chain(store.map(|_| Task::Store))
            .chain(reads.map(|(index, _)| Task::Read(index as u8)))
    }

    /// A request or its answer is lost, or nobody waits for it any longer.
    pub(super) fn suffer(&mut self, by: usize, fault: Fault, task: Task, tale: &mut Tale) {
        self.left.faults[fault as usize] -= 1;
        let late = self.late_request(by, fault, task);
        let (node, mut around) = self.around(by, tale);
        let around = &mut around;
        match (fault, task) {
            (Fault::Cancel, Task::Read(index)) => node.cancel(index.into(), around),
            (Fault::LoseAnswer, Task::Batch(slot)) => {
                node.execute_delivery(slot, around);
                node.fail_delivery(slot, around);
            }
            (Fault::LoseAnswer, Task::Store) => {
                node.execute_store(around);
                node.fail_store(around);
            }
            (Fault::LoseAnswer, Task::Read(index)) => {
                let before = node.reads[usize::from(index)].clone();
                node.execute_read(index.into(), around);
                node.forget_answer(index.into(), before);
            }
            (_, Task::Batch(slot)) => node.fail_delivery(slot, around),
            (_, Task::Store) => node.fail_store(around),
            (_, Task::Read(index)) => node.fail_read(index.into()),
        }
        match fault {
            Fault::LoseAnswer => say!(around.tale, "the answer is lost"),
            Fault::LateRequest => say!(around.tale, "its request is late, and is given up"),
            Fault::LoseRequest => say!(around.tale, "its request is lost"),
            _ => {}
        }
        self.late.extend(late);
    }

    fn late_request(&self, by: usize, fault: Fault, task: Task) -> Option<Late> {
        if fault != Fault::LateRequest {
            return None;
        }
        let node = &self.nodes[by];
        match task {
            Task::Batch(slot) => {
                let (message, group, ours) = node.delivery(slot)?.request(by as u64 + 1);
                let margin = node.partition.ban_retention_beyond_ttl();
                Some(Late::Removal {
                    message,
                    group,
                    ours,
                    margin,
                })
            }
            Task::Store => None,
            Task::Read(index) => {
                let read = &node.reads[usize::from(index)];
                let (lease, value) = read.request(self.scope)?;
                let key = read.key;
                Some(match value {
                    Some(value) => Late::Fill { key, lease, value },
                    None => Late::Claim { key, lease },
                })
            }
        }
    }
}
