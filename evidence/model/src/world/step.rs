//! What happens: one step.

use super::*;

impl World<'_> {
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

    pub(super) fn step_by(
        &mut self,
        by: usize,
        step: Step,
        tale: &mut Tale,
    ) -> Result<(), Violation> {
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
            Step::Share(index) => return node.share(index.into(), around),
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

    /// Whatever was published reaches those who listen, and what was handed over those who wait.
    pub(super) fn hand_out(&mut self) {
        if self.site.handed_over.is_some()
            && let Some(record) = Arc::make_mut(&mut self.site).handed_over.take()
        {
            for node in self.nodes.iter_mut().filter(|node| node.awaits(&record)) {
                Arc::make_mut(node).is_handed(&record);
            }
        }
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
}

fn name_of(target: Target) -> String {
    match target {
        Target::Key(key) => KEYS[key].to_owned(),
        Target::Pattern => "everything that matches a:*".to_owned(),
        Target::Tag => format!("everything tagged {}", crate::scope::TAG),
        Target::Elsewhere => "everything that matches b:*".to_owned(),
    }
}
