//! A server that may go back, an instance that follows it, and others who write.

use super::super::*;
use crate::{Server, Witness};

const WALL_MS: u64 = 1000;

/// How the log comes to those who follow it.
#[derive(Copy, Clone, PartialEq, Debug)]
pub(super) enum Log {
    Kept,
    /// By Pub/Sub: whoever does not listen at that moment has missed it.
    Published,
}

pub(super) const LOGS: [Log; 2] = [Log::Kept, Log::Published];

/// A server, and A who follows it. Others are played by [`World::others_remove`].
pub(super) struct World {
    pub(super) server: Server<u64>,
    pub(super) log: Log,
    pub(super) a: Instance,
    /// The connection to the log stands.
    pub(super) listens: bool,
    pub(super) pushed: Vec<(Position, Message)>,
    /// Ids and nonces given so far.
    pub(super) names: u64,
}

impl World {
    /// A follows a log of so many entries, and has a record in L2.
    pub(super) fn following(log: Log, entries: u64) -> Self {
        let mut world = Self {
            server: Server::default(),
            log,
            a: Instance::new(LIMITS),
            listens: true,
            pushed: Vec::new(),
            names: 100,
        };
        world.probe();
        world.others_remove(entries - 1);
        world.resynchronise();
        world.read();
        assert!(world.probe());
        world.server.put("a:1", 7, start(), Tick::FAR_FUTURE);
        world
    }

    pub(super) fn name(&mut self) -> u64 {
        self.names += 1;
        self.names
    }

    /// Whatever was appended travels.
    pub(super) fn publish(&mut self) {
        if self.log == Log::Published {
            let published = self.server.publish();
            if self.listens {
                self.pushed.extend(published);
            }
        }
    }

    pub(super) fn fence(&mut self, ours: Witness) -> Fenced {
        let nonce = self.name();
        let fenced = self.server.fence(ours, nonce, LONGEST_TTL, WALL_MS);
        self.publish();
        fenced
    }

    pub(super) fn append(&mut self, ours: Witness) -> Option<Appended> {
        let message = Message {
            id: self.name(),
            changes: vec![key("a:1")],
            ..Message::default()
        };
        let appended = self
            .server
            .invalidate(ours, &message, start(), Duration::ZERO, 100);
        self.publish();
        appended
    }

    /// Others, who knew no more than the server does, remove so many times.
    pub(super) fn others_remove(&mut self, times: u64) {
        for _ in 0..times {
            let fenced = self.server.snapshot().expect("there is a history").fenced;
            let ours = Witness {
                known: fenced.place(),
                ..fenced.history.into()
            };
            self.append(ours).expect("the history is known");
        }
    }

    /// A probes; false when it has to start over.
    pub(super) fn probe(&mut self) -> bool {
        let ours = self.a.partition.witness();
        let fenced = self.fence(ours);
        self.a.partition.probed(start(), fenced, &mut self.a.shelf)
    }

    /// A reads what there is. What became of the last entry, if there was one.
    pub(super) fn read(&mut self) -> Option<Received> {
        let entries = match self.log {
            Log::Kept => self.server.entries_after(self.a.partition.position()),
            Log::Published => std::mem::take(&mut self.pushed),
        };
        let mut last = None;
        for (position, message) in entries {
            let (partition, shelf) = (&mut self.a.partition, &mut self.a.shelf);
            let received = partition.receive(position, &message, false, start(), shelf);
            last = Some(received);
            if received != Received::Applied && received != Received::Old {
                break;
            }
        }
        last
    }

    pub(super) fn resynchronise(&mut self) {
        let snapshot = self.server.snapshot().expect("there is a history");
        let (partition, shelf) = (&mut self.a.partition, &mut self.a.shelf);
        assert!(partition.resume(&snapshot, start(), shelf));
    }

    /// A appends, and hears of it.
    pub(super) fn remove(&mut self) -> bool {
        let ours = self.a.partition.witness();
        self.append(ours).is_some_and(|at| self.acknowledge(at))
    }

    pub(super) fn acknowledge(&mut self, at: Appended) -> bool {
        let (partition, shelf) = (&mut self.a.partition, &mut self.a.shelf);
        partition.adopt(at.fenced(), shelf)
            && partition.acknowledge(&key("a:1"), 1, at, start(), shelf)
    }

    /// Whether A may read L2 with the server's bans.
    pub(super) fn is_trusted(&self) -> bool {
        let ours = self.a.partition.witness();
        let (_, snapshot) = self.server.look_guarded("a:1", ours, start(), WALL_MS);
        snapshot.is_some()
    }

    /// A reads L2 with the server's bans; false where these stand for nothing.
    pub(super) fn look_guarded(&mut self) -> bool {
        let ours = self.a.partition.witness();
        let (_, snapshot) = self.server.look_guarded("a:1", ours, start(), WALL_MS);
        snapshot.is_some_and(|snapshot| {
            let (partition, shelf) = (&mut self.a.partition, &mut self.a.shelf);
            partition.adopt(snapshot.fenced, shelf)
        })
    }

    /// A's connection to the log is cut, and what happens does not reach it.
    pub(super) fn cut_off(&mut self) {
        self.listens = false;
        self.pushed.clear();
    }

    /// It comes back, with the fence first.
    pub(super) fn reconnect(&mut self) {
        self.listens = true;
        let ours = self.a.partition.witness();
        let fenced = self.fence(ours);
        let _ = self.a.partition.adopt(fenced, &mut self.a.shelf);
    }

    /// What A does in the turns of its reader, as long as there is anything to do.
    pub(super) fn turns(&mut self) {
        for _ in 0..4 {
            self.probe();
            if !self.a.partition.is_synced() && !self.a.partition.is_disowned() {
                self.resynchronise();
            }
            self.read();
            self.a.partition.is_complete();
        }
    }

    pub(super) fn history(&self) -> History {
        let snapshot = self.server.snapshot();
        snapshot.expect("there is a history").fenced.history
    }
}
