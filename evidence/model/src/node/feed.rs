//! The reader of the log, on a connection of its own: as `receive/reader.rs` and `redis/feed.rs`
//! drive it.

use std::collections::VecDeque;

use unstale_core::{Canonical, Fenced, Guard, Message, Position, Received, Snapshot, Tick};

use super::delivery::list;
use super::{Around, Node};
use crate::scope::Scope;
use crate::site::{Peer, Site};
use crate::tale::{Mark, say};

#[derive(Clone, Default, Debug)]
pub(crate) struct Feed {
    pub(crate) peer: Option<Peer>,
    pub(crate) stage: Stage,
    /// What was published and not read yet, where Pub/Sub carries the log.
    pub(crate) pushed: VecDeque<(Position, Message)>,
}

#[derive(Clone, Default, Debug)]
pub(crate) enum Stage {
    /// Nothing is under way.
    #[default]
    Idle,
    /// The fence of a new connection has answered.
    Fenced(Fenced),
    /// A probe that was sent then is answered.
    Probed(Tick, Fenced),
    /// What a resynchronisation starts from.
    Snapshot(Snapshot),
    /// Entries that were read and are not applied.
    Entries(VecDeque<(Position, Message)>),
}

impl Feed {
    pub(crate) fn is_busy(&self) -> bool {
        !matches!(self.stage, Stage::Idle)
    }

    /// The connection is gone, with whatever was on its way.
    pub(crate) fn lose(&mut self) {
        *self = Self::default();
    }

    pub(crate) fn write(&self, to: &mut Canonical, scope: &Scope) {
        to.option(self.peer, |to, peer| to.number(peer as u64));
        let entry = |to: &mut Canonical, (position, message): &(Position, Message)| {
            to.position(*position);
            to.message(message);
        };
        match &self.stage {
            Stage::Idle => to.number(0),
            Stage::Fenced(answer) => {
                to.number(1);
                to.fenced(*answer);
            }
            Stage::Probed(sent, answer) => {
                to.number(2);
                to.since(*sent, scope.max_staleness());
                to.fenced(*answer);
            }
            Stage::Snapshot(snapshot) => {
                to.number(3);
                to.fenced(snapshot.fenced);
                to.set(&snapshot.bans, |to, (ban, seq)| {
                    to.scope(ban);
                    to.number(*seq);
                });
            }
            Stage::Entries(entries) => {
                to.number(4);
                to.list(entries, entry);
            }
        }
        to.list(&self.pushed, entry);
    }
}

impl Node {
    /// Opens the connection to the log; the fence comes first, and before it the subscription.
    pub(crate) fn listen(&mut self, peer: Peer, around: &mut Around<'_>) {
        self.feed.peer = Some(peer);
        if !Guard::FenceOnConnect.holds() {
            say!(around.tale, "connects to the log of the {peer}");
        } else if let Some(answer) = self.ask_fence(peer, around) {
            self.feed.stage = Stage::Fenced(answer);
            let at = answer.position();
            say!(
                around.tale,
                "connects to the log of the {peer}, whose fence answers {at}"
            );
            if !around.scope.slow.feeds {
                self.turn(around);
            }
        } else {
            self.feed.lose();
        }
    }

    /// Whether a probe could tell anything. The entries behind one are read before the next.
    pub(crate) fn wants_to_probe(&self, site: &Site, now: Tick) -> bool {
        let server = self.feed.peer.and_then(|peer| site.at(peer));
        let answer = server.and_then(|server| server.fenced());
        let synced = self.partition.is_synced();
        let is_news = answer.is_none_or(|answer| {
            let is_further = answer.tail != self.partition.position().seq;
            answer.history != self.history() || (synced && is_further)
        });
        let is_doubtful = self.partition.is_disowned() || self.partition.has_unseen();
        let is_older = synced && self.partition.proven_at().is_none_or(|at| at < now);
        self.partition.awaited_tail().is_none() && (is_older || is_news || is_doubtful)
    }

    /// The server answers a probe that is sent now.
    pub(crate) fn probe(&mut self, around: &mut Around<'_>) {
        let Some(peer) = self.feed.peer else {
            return;
        };
        let answer = if Guard::ProbeIsTheFence.holds() {
            self.ask_fence(peer, around)
        } else {
            around.site.at(peer).and_then(|server| server.fenced())
        };
        match answer {
            Some(answer) => {
                say!(
                    around.tale,
                    "sends a probe; the {peer} answers {}",
                    answer.position()
                );
                self.feed.stage = Stage::Probed(around.now, answer);
            }
            None => {
                say!(
                    around.tale,
                    "sends a probe; the {peer} refuses it: the connection is given up"
                );
                self.feed.lose();
            }
        }
    }

    /// Whether there is anything to be read.
    pub(crate) fn has_news(&self, site: &Site, scope: &Scope) -> bool {
        self.partition.awaited_tail().is_some() || self.has_unread(site, scope)
    }

    fn has_unread(&self, site: &Site, scope: &Scope) -> bool {
        if scope.pubsub {
            return !self.feed.pushed.is_empty();
        }
        let server = self.feed.peer.and_then(|peer| site.at(peer));
        let cursor = self.partition.position();
        server.is_some_and(|server| server.has_entries_after(cursor))
    }

    /// Reads what there is, or everything that `meta` says when it has to resynchronise.
    pub(crate) fn read_log(&mut self, around: &mut Around<'_>) {
        let Some(peer) = self.feed.peer else {
            return;
        };
        let Some(server) = around.site.at(peer) else {
            return;
        };
        if !self.partition.is_synced() {
            match server.snapshot() {
                Some(snapshot) => {
                    let at = snapshot.fenced.position();
                    say!(around.tale, "asks for everything, to start over from {at}");
                    self.feed.stage = Stage::Snapshot(snapshot);
                }
                None => {
                    say!(
                        around.tale,
                        "finds no history to start over from, and hangs up"
                    );
                    self.feed.lose();
                }
            }
            return;
        }
        let mut entries: VecDeque<_> = if around.scope.pubsub {
            let at_once = if around.scope.slow.feeds {
                usize::MAX
            } else {
                1
            };
            let end = at_once.min(self.feed.pushed.len());
            self.feed.pushed.drain(..end).collect()
        } else {
            server.entries_after(self.partition.position()).into()
        };
        if entries.is_empty() {
            return self.finish_entries(around);
        }
        if !around.scope.slow.feeds {
            // The others are read again.
            entries.truncate(1);
        }
        let (first, last) = (entries.front(), entries.back());
        if let (Some((first, _)), Some((last, _))) = (first, last) {
            say!(around.tale, "reads {first} to {last} from the log");
        }
        self.feed.stage = Stage::Entries(entries);
    }

    /// The next turn of whatever is under way.
    pub(crate) fn turn(&mut self, around: &mut Around<'_>) {
        let now = around.now;
        match std::mem::take(&mut self.feed.stage) {
            Stage::Idle => {}
            Stage::Fenced(answer) => {
                if self.adopt(answer, around) {
                    say!(around.tale, "follows {}", answer.position());
                } else {
                    say!(
                        around.tale,
                        "knows a newer history, and asks the fence again"
                    );
                    match self.feed.peer.and_then(|peer| self.ask_fence(peer, around)) {
                        Some(answer) => self.feed.stage = Stage::Fenced(answer),
                        None => self.feed.lose(),
                    }
                }
            }
            Stage::Probed(sent, answer) => self.take_probe(sent, answer, around),
            Stage::Snapshot(snapshot) => self.resume(&snapshot, around),
            Stage::Entries(mut entries) => {
                let Some((position, message)) = entries.pop_front() else {
                    return;
                };
                let own = message.origin == around.origin();
                let shelf = &mut self.shelf;
                let received = self.partition.receive(position, &message, own, now, shelf);
                let what = list(message.changes.iter());
                say!(around.tale, "applies {position} ({what})");
                if received == Received::Applied && own {
                    self.appeared(position, message.id, around);
                }
                if received == Received::Disowned {
                    around.tale.mark(Mark::Disowned);
                    say!(
                        around.tale,
                        "it does not follow on what is known: the history was broken"
                    );
                } else if received == Received::Gap {
                    around.tale.mark(Mark::Gap);
                    say!(around.tale, "entries before it are missing");
                } else if !entries.is_empty() {
                    self.feed.stage = Stage::Entries(entries);
                } else if around.scope.slow.feeds || !self.has_unread(around.site, around.scope) {
                    self.finish_entries(around);
                }
            }
        }
        if self.is_proven(now) {
            around.tale.mark(Mark::Proven);
        }
    }

    fn take_probe(&mut self, sent: Tick, answer: Fenced, around: &mut Around<'_>) {
        let proves_from = if Guard::ProofFromSending.holds() {
            sent
        } else {
            around.now
        };
        let before = self.history();
        let synced = self.partition.probed(proves_from, answer, &mut self.shelf);
        if self.history() != before {
            around.tale.mark(Mark::NewEpoch);
        }
        say!(
            around.tale,
            "takes note of its probe's answer {}",
            answer.position()
        );
        if !synced {
            say!(around.tale, "has to start over");
        }
    }

    fn resume(&mut self, snapshot: &Snapshot, around: &mut Around<'_>) {
        let at = snapshot.fenced.position();
        if self.partition.resume(snapshot, around.now, &mut self.shelf) {
            around.tale.mark(Mark::Resynchronised);
            say!(around.tale, "starts over from {at}");
        } else {
            say!(
                around.tale,
                "will not start over from {at}, which is older, and hangs up"
            );
            self.feed.lose();
        }
    }

    /// Everything that was read is applied.
    fn finish_entries(&mut self, around: &mut Around<'_>) {
        if !self.partition.is_complete() {
            around.tale.mark(Mark::TailLost);
            say!(around.tale, "the log lacks what its probe has counted");
        }
    }
}
