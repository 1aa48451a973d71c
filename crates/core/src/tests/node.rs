//! An instance as its tasks drive it: a reader of the log, a sender, and a line to the server.

use std::collections::VecDeque;

use super::server::Server;
use super::*;
use crate::{Batch, Outbox};

/// Where the reader of the log is.
pub(super) enum Reading {
    Idle,
    Probing(Tick, History),
    Probed(Tick, Fenced),
    Snapshot(Snapshot),
    Entries(VecDeque<(Position, Message)>),
}

/// Where the sender is.
pub(super) enum Sending {
    Idle,
    Sent(Batch<()>, History, Versions),
    Answered(Batch<()>, (History, u64), Versions),
}

/// For each key, the version that a removal was about.
pub(super) type Versions = HashMap<Arc<str>, u64>;

pub(super) struct Node {
    pub(super) id: u64,
    pub(super) instance: Instance,
    pub(super) limits: Limits,
    pub(super) outbox: Outbox<()>,
    /// What the queued and pending removals of this node are about.
    pub(super) removed: HashMap<Change, Versions>,
    pub(super) sending: Sending,
    reading: Reading,
    /// The epoch that the line was fenced in; none when it is broken.
    line: Option<u64>,
}

/// What came of one step of the sender.
pub(super) enum Progress {
    Nothing,
    /// The server has executed removals of these versions.
    Executed(Versions),
    /// The removals of these versions are acknowledged, with this token.
    Acknowledged(Versions, Position),
}

impl Node {
    pub(super) fn new(id: u64, limits: Limits) -> Self {
        Self {
            id,
            instance: Instance::new(limits),
            limits,
            outbox: Outbox::new(4),
            removed: HashMap::new(),
            sending: Sending::Idle,
            reading: Reading::Idle,
            line: None,
        }
    }

    pub(super) fn history(&self) -> History {
        self.instance.partition.history()
    }

    /// Sees to it that the line is fenced in the newest epoch.
    pub(super) fn ensure_line(&mut self, server: &mut Server) {
        if self.line.is_none_or(|epoch| epoch < self.history().epoch) {
            self.fence(server);
        }
    }

    fn fence(&mut self, server: &mut Server) {
        loop {
            let fenced = server.fence(self.history());
            let copies = &mut self.instance.shelf;
            if self.instance.partition.adopt(fenced, copies) {
                self.line = Some(fenced.history.epoch);
                return;
            }
        }
    }

    /// The connections are gone, with whatever was on its way.
    pub(super) fn disconnect(&mut self, now: Tick) {
        self.line = None;
        self.reading = Reading::Idle;
        self.lose_answer(now);
    }

    /// A removal of ours; `versions` is what the source says of the keys it covers.
    pub(super) fn remove(&mut self, change: Change, versions: Versions, now: Tick) {
        self.instance.begin(&change, now);
        self.removed
            .entry(change.clone())
            .or_default()
            .extend(versions);
        self.outbox.push(change, None);
        self.collapse_if_over(now);
    }

    pub(super) fn send(&mut self, server: &mut Server, now: Tick) -> Progress {
        match std::mem::replace(&mut self.sending, Sending::Idle) {
            Sending::Idle if self.outbox.is_empty() => Progress::Nothing,
            Sending::Idle => {
                self.ensure_line(server);
                let batch = self.outbox.take_batch(2);
                let mut versions = Versions::new();
                for about in batch.iter().filter_map(|(c, _)| self.removed.get(c)) {
                    for (key, version) in about {
                        let newest = versions.entry(key.clone()).or_default();
                        *newest = (*newest).max(*version);
                    }
                }
                self.sending = Sending::Sent(batch, self.history(), versions);
                Progress::Nothing
            }
            Sending::Sent(batch, ours, versions) => {
                let message = Message {
                    origin: self.id,
                    changes: batch.iter().map(|(change, _)| change.clone()).collect(),
                    ..Message::default()
                };
                let retention = self.instance.partition.ban_retention();
                match server.invalidate(ours, &message, now, &self.limits, retention) {
                    Some(appended) => {
                        self.sending = Sending::Answered(batch, appended, versions.clone());
                        Progress::Executed(versions)
                    }
                    None => {
                        self.put_back(batch, now);
                        self.fence(server);
                        Progress::Nothing
                    }
                }
            }
            Sending::Answered(batch, (history, seq), versions) => {
                let answer = fenced(history, seq);
                if self.acknowledge(&batch, answer, now) {
                    self.outbox.settled(batch.len());
                    Progress::Acknowledged(versions, answer.position())
                } else {
                    self.put_back(batch, now);
                    Progress::Nothing
                }
            }
        }
    }

    /// The answer that is on its way does not arrive.
    pub(super) fn lose_answer(&mut self, now: Tick) {
        match std::mem::replace(&mut self.sending, Sending::Idle) {
            Sending::Idle => {}
            Sending::Sent(batch, ..) | Sending::Answered(batch, ..) => self.put_back(batch, now),
        }
    }

    fn acknowledge(&mut self, batch: &Batch<()>, answer: Fenced, now: Tick) -> bool {
        let Instance { partition, shelf } = &mut self.instance;
        partition.adopt(answer, shelf)
            && batch.iter().all(|(change, queued)| {
                partition.acknowledge(change, queued.count, answer.position(), now, shelf)
            })
    }

    fn put_back(&mut self, batch: Batch<()>, now: Tick) {
        self.outbox.put_back(batch);
        self.collapse_if_over(now);
    }

    fn collapse_if_over(&mut self, now: Tick) {
        let Some(replaced) = self.outbox.collapse_if_over() else {
            return;
        };
        self.instance.begin(&everything(), now);
        for (change, count) in replaced {
            self.instance.partition.end(&change, count, now);
            let versions = self.removed.get(&change).cloned().unwrap_or_default();
            let all = self.removed.entry(everything()).or_default();
            for (key, version) in versions {
                let newest = all.entry(key).or_default();
                *newest = (*newest).max(version);
            }
        }
    }

    /// One step of the reader; `probe` says what it does next when it is free to choose.
    pub(super) fn read(&mut self, server: &mut Server, probe: bool, now: Tick) {
        let Instance { partition, shelf } = &mut self.instance;
        self.reading = match std::mem::replace(&mut self.reading, Reading::Idle) {
            Reading::Idle if self.line.is_none() => {
                self.fence(server);
                Reading::Idle
            }
            Reading::Idle if probe => Reading::Probing(now, partition.history()),
            Reading::Idle if !partition.is_synced() => match server.snapshot() {
                Some(snapshot) => Reading::Snapshot(snapshot),
                None => {
                    self.fence(server);
                    Reading::Idle
                }
            },
            Reading::Idle => Reading::Entries(server.entries_after(partition.position()).into()),
            Reading::Probing(sent, ours) => Reading::Probed(sent, server.fence(ours)),
            Reading::Probed(sent, answer) => {
                partition.probed(sent, answer, shelf);
                Reading::Idle
            }
            Reading::Snapshot(snapshot) => {
                partition.resume(&snapshot, now, shelf);
                Reading::Idle
            }
            Reading::Entries(mut entries) => match entries.pop_front() {
                Some((position, message)) => {
                    let own = message.origin == self.id;
                    match partition.receive(position, &message, own, now, shelf) {
                        Received::Gap => Reading::Idle,
                        _ => Reading::Entries(entries),
                    }
                }
                None => {
                    partition.is_complete();
                    Reading::Idle
                }
            },
        };
    }

    /// One of the entries that were read is lost, as Pub/Sub may lose it.
    pub(super) fn lose_entry(&mut self) {
        if let Reading::Entries(entries) = &mut self.reading {
            entries.pop_front();
        }
    }
}
