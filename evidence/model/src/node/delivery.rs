//! Removals on their way: as `write/sender.rs` and the script do it.

use std::time::Duration;

use unstale_core::{
    Appended, Batch, Canonical, Change, Guard, Message, Position, Scope as Ban, Witness,
};

use super::line::Line;
use super::{Around, Node};
use crate::ledger::Group;
use crate::scope::Target;
use crate::site::Peer;
use crate::tale::{Mark, say};

/// Whose batch it is.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(crate) enum Slot {
    /// The sender's, on the line in service.
    Sender,
    /// What is flushed on a line that is not in service yet.
    Flush,
}

/// One batch under way.
#[derive(Clone, Debug)]
pub(crate) struct Delivery {
    batch: Batch<()>,
    /// The writes that are waiting for it.
    group: Group,
    /// The history that the sender knew.
    ours: Witness,
    /// It was refused once, and asked for again.
    again: bool,
    stage: Stage,
}

#[derive(Copy, Clone, PartialEq, Debug)]
enum Stage {
    Asked,
    /// Appended, and the records are still there: only where the rule is broken.
    Half(Appended),
    Executed(Appended),
    /// No answer will come to what may have been executed.
    Failed(Option<Appended>),
}

impl Delivery {
    /// Whether the server has still something to do for it.
    pub(crate) fn is_under_way(&self) -> bool {
        matches!(self.stage, Stage::Asked | Stage::Half(_))
    }

    pub(crate) fn is_unexecuted(&self) -> bool {
        self.stage == Stage::Asked
    }

    /// Where it was appended, if nothing is left to do for it.
    fn executed(&self) -> Option<Appended> {
        match self.stage {
            // The server's second step is still to come, and goes by this delivery.
            Stage::Asked | Stage::Half(_) => None,
            Stage::Executed(appended) => Some(appended),
            Stage::Failed(appended) => appended,
        }
    }

    fn changes(&self) -> impl Iterator<Item = &Change> + Clone {
        self.batch.iter().map(|(change, _)| change)
    }

    fn message(&self, origin: u64) -> Message {
        Message {
            origin,
            changes: self.changes().cloned().collect(),
            ..Message::default()
        }
    }

    /// What the server would do should the request arrive late.
    pub(crate) fn request(&self, origin: u64) -> (Message, Group, Witness) {
        (self.message(origin), self.group, self.ours)
    }

    pub(crate) fn write(&self, to: &mut Canonical) {
        to.list(&self.batch, |to, (change, queued)| {
            to.change(change);
            to.number(queued.count.into());
        });
        self.group.write(to);
        to.flag(self.again);
        match self.stage {
            Stage::Asked => {
                to.number(0);
                to.witness(self.ours);
            }
            Stage::Half(appended) => {
                to.number(1);
                to.fenced(appended.fenced());
            }
            Stage::Executed(appended) => {
                to.number(2);
                to.fenced(appended.fenced());
            }
            Stage::Failed(appended) => {
                to.number(3);
                to.option(appended, |to, appended| to.fenced(appended.fenced()));
            }
        }
    }
}

impl Node {
    /// A removal begins: everything local, and into the outbox.
    pub(crate) fn remove(&mut self, target: Target, around: &mut Around<'_>) {
        let change = target.change();
        let (by, now) = (around.by, around.now);
        around.ledger().begin(by, target, false);
        self.partition.begin(&change, now, &mut self.shelf);
        self.outbox.push(change, None);
        self.collapse_if_over(around);
    }

    /// The sender takes the next batch, for a line that is in service.
    pub(crate) fn send(&mut self, around: &mut Around<'_>) {
        if self.use_line(around).is_some() {
            self.delivery = Some(self.take_batch(around));
        }
    }

    pub(super) fn take_batch(&mut self, around: &mut Around<'_>) -> Delivery {
        let batch = self.outbox.take_batch(usize::MAX);
        let by = around.by;
        let changes = batch.iter().map(|(change, _)| change);
        let group = around.ledger().take_off(by, changes);
        if batch.iter().any(|(_, queued)| queued.count > 1) {
            around.tale.mark(Mark::Grouped);
        }
        say!(
            around.tale,
            "sends {}",
            list(batch.iter().map(|(change, _)| change))
        );
        Delivery {
            batch,
            group,
            ours: self.partition.witness(),
            again: false,
            stage: Stage::Asked,
        }
    }

    /// The server gets the batch that is under way.
    pub(crate) fn execute_delivery(&mut self, slot: Slot, around: &mut Around<'_>) {
        let Some(peer) = self.line.peer() else {
            return;
        };
        if peer == Peer::Replica {
            around.tale.mark(Mark::ReplicaRefused);
            say!(
                around.tale,
                "the replica refuses the removal: the connection is given up"
            );
            return self.lose_line(around);
        }
        let Some(mut delivery) = self.slot(slot).and_then(Option::take) else {
            return;
        };
        delivery.stage = match delivery.stage {
            Stage::Half(appended) => {
                let message = delivery.message(around.origin());
                around.site().primary.finish_removal(&message);
                say!(
                    around.tale,
                    "the server deletes what it has appended before"
                );
                Stage::Executed(appended)
            }
            _ => match self.append(&delivery, around) {
                Some(appended) if Guard::RemovalIsOneStep.holds() => Stage::Executed(appended),
                Some(appended) => Stage::Half(appended),
                None => self.ask_again(peer, &mut delivery, around),
            },
        };
        if let Stage::Executed(appended) = delivery.stage {
            let (group, now) = (delivery.group, around.now);
            around.ledger().execute(group, appended.position(), now);
        }
        match self.slot(slot) {
            Some(slot) => *slot = Some(delivery),
            // The line was lost on the way.
            None => self.put_back(delivery, around),
        }
    }

    fn append(&self, delivery: &Delivery, around: &mut Around<'_>) -> Option<Appended> {
        let message = Message {
            id: around.fresh_name(),
            ..delivery.message(around.origin())
        };
        let appended = self.invalidate(&message, delivery.ours, around);
        match appended {
            Some(at) => {
                let what = list(delivery.changes());
                say!(
                    around.tale,
                    "the server executes {what} at {}",
                    at.position()
                );
            }
            None => {
                around.tale.mark(Mark::NotFenced);
                say!(
                    around.tale,
                    "the server's history is not the one of the request"
                );
            }
        }
        appended
    }

    /// What the script does.
    pub(crate) fn invalidate(
        &self,
        message: &Message,
        ours: Witness,
        around: &mut Around<'_>,
    ) -> Option<Appended> {
        let margin = self.partition.ban_retention_beyond_ttl();
        let (max_bans, now) = (around.scope.max_bans, around.now);
        let site = around.site();
        let clock = site.clock(now);
        let appended = site
            .primary
            .invalidate(ours, message, clock, margin, max_bans);
        site.publish();
        appended
    }

    /// Refused once, the line is fenced again and the same asked for once more.
    fn ask_again(&mut self, peer: Peer, delivery: &mut Delivery, around: &mut Around<'_>) -> Stage {
        if delivery.again || self.fence_again(peer, around).is_none() {
            return Stage::Failed(None);
        }
        delivery.again = true;
        delivery.ours = self.partition.witness();
        Stage::Asked
    }

    fn slot(&mut self, slot: Slot) -> Option<&mut Option<Delivery>> {
        match (slot, &mut self.line) {
            (Slot::Sender, _) => Some(&mut self.delivery),
            (Slot::Flush, Line::Opening { delivery, .. }) => Some(delivery),
            (Slot::Flush, _) => None,
        }
    }

    pub(crate) fn delivery(&self, slot: Slot) -> Option<&Delivery> {
        match (slot, &self.line) {
            (Slot::Sender, _) => self.delivery.as_ref(),
            (Slot::Flush, Line::Opening { delivery, .. }) => delivery.as_ref(),
            (Slot::Flush, _) => None,
        }
    }

    /// The request or its answer is lost: nothing will come of it.
    pub(crate) fn fail_delivery(&mut self, slot: Slot, around: &mut Around<'_>) {
        if let Some(Some(delivery)) = self.slot(slot) {
            delivery.stage = Stage::Failed(delivery.executed());
            if !around.scope.slow.lines {
                self.settle(slot, around);
            }
        }
    }

    /// The answer arrives, or it is clear that none will: `Sender::settle`.
    pub(crate) fn settle(&mut self, slot: Slot, around: &mut Around<'_>) {
        let Some(delivery) = self.slot(slot).and_then(Option::take) else {
            return;
        };
        let delivery = self.with_late(delivery, around);
        if let Stage::Executed(appended) = delivery.stage
            && self.acknowledge(&delivery, appended, around)
        {
            self.outbox.settled(delivery.batch.len());
            let (group, position, now) = (delivery.group, appended.position(), around.now);
            around.ledger().acknowledge(group, position, now);
            say!(around.tale, "its removal is acknowledged at {position}");
            return;
        }
        around.tale.mark(Mark::Retried);
        self.put_back(delivery, around);
        if slot == Slot::Flush {
            say!(around.tale, "the connection is given up");
            self.lose_line(around);
        }
    }

    /// An own entry of the log was received: `Sender::appeared`.
    pub(super) fn appeared(&mut self, position: Position, id: u64, around: &mut Around<'_>) {
        let Some(delivery) = &mut self.delivery else {
            return;
        };
        // It gets its id where it is executed. Until then it has that of no entry.
        let sent = delivery.executed().map_or(0, |appended| appended.id);
        if let Some(appended) = self.partition.answer_in_log(sent, position, id) {
            delivery.stage = Stage::Executed(appended);
            around.tale.mark(Mark::AnsweredInLog);
            self.settle(Slot::Sender, around);
        }
    }

    /// Where the rule is broken, the answer is also that of whoever asked later.
    fn with_late(&mut self, mut delivery: Delivery, around: &mut Around<'_>) -> Delivery {
        delivery.batch = self.outbox.with_late(delivery.batch);
        if !Guard::AbsorbedOnlyByLater.holds() {
            let by = around.by;
            let changes = delivery.batch.iter().map(|(change, _)| change);
            let late = around.ledger().take_off(by, changes);
            delivery.group.merge(late);
        }
        delivery
    }

    fn acknowledge(
        &mut self,
        delivery: &Delivery,
        appended: Appended,
        around: &mut Around<'_>,
    ) -> bool {
        let now = around.now;
        self.adopt(appended.fenced(), around)
            && delivery.batch.iter().all(|(change, queued)| {
                let shelf = &mut self.shelf;
                self.partition
                    .acknowledge(change, queued.count, appended, now, shelf)
            })
    }

    pub(super) fn put_back(&mut self, delivery: Delivery, around: &mut Around<'_>) {
        around.ledger().put_back(delivery.group);
        if Guard::SentUntilAcknowledged.holds() {
            self.outbox.put_back(delivery.batch);
            say!(
                around.tale,
                "its removal is not confirmed, and stays pending"
            );
        } else {
            self.outbox.settled(delivery.batch.len());
            for (change, queued) in &delivery.batch {
                self.partition.end(change, queued.count, around.now);
            }
            say!(around.tale, "its removal is not confirmed, and given up");
        }
        self.collapse_if_over(around);
    }

    pub(super) fn collapse_if_over(&mut self, around: &mut Around<'_>) {
        let (by, now) = (around.by, around.now);
        let Some(replaced) = self.outbox.collapse_if_over(Duration::ZERO, now) else {
            return;
        };
        around.tale.mark(Mark::Collapsed);
        around.ledger().collapse(by);
        if Guard::OverflowBecomesBan.holds() {
            let everything = Change::Ban(Ban::All);
            self.partition.begin(&everything, now, &mut self.shelf);
            say!(
                around.tale,
                "too many are pending: a ban on everything takes their place"
            );
        }
        for (change, count) in &replaced {
            self.partition.end(change, *count, now);
        }
    }
}

/// Changes in words.
pub(crate) fn list<'a>(changes: impl Iterator<Item = &'a Change>) -> String {
    let names = changes.map(|change| match change {
        Change::Key(key) => key.to_string(),
        Change::Ban(ban) => format!("ban {ban}"),
    });
    names.collect::<Vec<_>>().join(", ")
}
