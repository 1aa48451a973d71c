//! The servers: a primary, and perhaps a replica that lags behind.

use std::fmt;
use std::time::Duration;

use unstale_core::{Canonical, Fenced, Looked, Message, Position, Server, Snapshot, Tick, Witness};

use crate::ledger::Version;
use crate::scope::{Fault, KEYS, Scope, TICK};

/// What L2 holds under a key. No two leases have the same token, and a value keeps its lease's.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Record {
    pub(crate) token: u64,
    pub(crate) stamp: Position,
    /// None: it is a lease.
    pub(crate) value: Option<Version>,
    /// The life that it was given.
    pub(crate) ttl: Duration,
}

impl Record {
    pub(crate) fn write(&self, to: &mut Canonical) {
        to.token(self.token);
        to.position(self.stamp);
        to.option(self.value, |to, value| to.number(value.into()));
        to.span(self.ttl);
    }
}

/// Whom a connection leads to.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(crate) enum Peer {
    Primary,
    Replica,
}

impl fmt::Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Peer::Primary => "primary",
            Peer::Replica => "replica",
        })
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Site {
    pub(crate) primary: Server<Record>,
    /// Where there is one: what it has got so far.
    pub(crate) replica: Option<Server<Record>>,
    /// How many ticks the servers' clock is behind.
    behind: u32,
    /// How far it can still fall behind.
    may_step_back: u32,
    by_pushes: bool,
    /// Whether entries that everybody has read are looked up again.
    may_go_back: bool,
    /// What was published and not handed out yet.
    pub(crate) published: Vec<(Position, Message)>,
    /// What a load has brought that was refused, on its way to those who wait for it.
    pub(crate) handed_over: Option<Record>,
    /// The same of earlier ones, where a lease may come back.
    pub(crate) handed_before: Vec<Record>,
}

impl Site {
    pub(crate) fn new(scope: &Scope) -> Self {
        let needs_another = [Fault::Failover, Fault::GoBack];
        let has_replica = needs_another.map(|fault| scope.allowance(fault) > 0);
        let has_replica = has_replica.contains(&true) || scope.misrouted;
        let steps = u32::from(scope.allowance(Fault::ClockBack));
        Self {
            primary: Server::default(),
            replica: has_replica.then(Server::default),
            behind: 0,
            may_step_back: steps * scope.spans.step_back,
            by_pushes: scope.pubsub,
            may_go_back: scope.allowance(Fault::GoBack) > 0,
            published: Vec::new(),
            handed_over: None,
            handed_before: Vec::new(),
        }
    }

    /// The servers' clock.
    pub(crate) fn clock(&self, now: Tick) -> Tick {
        now - TICK * self.behind
    }

    fn wall_ms(&self, now: Tick) -> u64 {
        self.clock(now).as_nanos() / 1_000_000
    }

    /// How many ticks the servers' clock is behind.
    pub(crate) fn behind(&self) -> u32 {
        self.behind
    }

    pub(crate) fn step_back(&mut self, ticks: u32) {
        self.behind += ticks;
        self.may_step_back -= ticks;
    }

    pub(crate) fn at(&self, peer: Peer) -> Option<&Server<Record>> {
        match peer {
            Peer::Primary => Some(&self.primary),
            Peer::Replica => self.replica.as_ref(),
        }
    }

    /// A plain look at a record.
    pub(crate) fn look(&self, peer: Peer, key: usize, now: Tick) -> Option<Looked<Record>> {
        self.at(peer)?.look(KEYS[key], self.clock(now))
    }

    /// A look at a record together with the primary's bans, by somebody who knows `ours`.
    pub(crate) fn look_guarded(
        &self,
        key: usize,
        ours: Witness,
        now: Tick,
    ) -> (Option<Looked<Record>>, Option<Snapshot>) {
        let (clock, wall_ms) = (self.clock(now), self.wall_ms(now));
        self.primary.look_guarded(KEYS[key], ours, clock, wall_ms)
    }

    /// Passes the fence of a server; `None` where there is none to pass.
    pub(crate) fn fence(
        &mut self,
        peer: Peer,
        ours: Witness,
        nonce: u64,
        longest_ttl: Duration,
        now: Tick,
    ) -> Option<Fenced> {
        let wall_ms = self.wall_ms(now);
        let server = match peer {
            Peer::Primary => &mut self.primary,
            Peer::Replica => self.replica.as_mut()?,
        };
        let fenced = server.fence(ours, nonce, longest_ttl, wall_ms);
        self.publish();
        Some(fenced)
    }

    /// With Pub/Sub nothing stays: whoever listens has it, and there is no log to look at.
    pub(crate) fn publish(&mut self) {
        if self.by_pushes {
            self.published.extend(self.primary.publish());
        }
    }

    /// The replica takes over, and the old primary becomes one. Returns how far the new one is.
    pub(crate) fn fail_over(&mut self) -> Option<Position> {
        if let Some(replica) = &mut self.replica {
            std::mem::swap(&mut self.primary, replica);
            self.primary.change_owner();
        }
        self.tail()
    }

    /// The primary is what it was when the replica got everything, and nobody tells. Returns how far
    /// it is.
    pub(crate) fn go_back(&mut self) -> Option<Position> {
        if let Some(replica) = &self.replica {
            self.primary = replica.clone();
        }
        self.tail()
    }

    /// A value was refused, and those who wait for it are to have it: also those who see its lease again
    /// that was gone.
    pub(crate) fn hand_over(&mut self, record: &Record) {
        self.handed_over = Some(record.clone());
        if self.replica.is_some() {
            self.handed_before.push(record.clone());
        }
    }

    /// The replica gets everything.
    pub(crate) fn replicate(&mut self) {
        self.replica = Some(self.primary.clone());
    }

    /// Somebody who knows no more than the primary does appends an entry.
    pub(crate) fn others_append(&mut self, id: u64) {
        let message = Message {
            id,
            ..Message::default()
        };
        if let Some(fenced) = self.primary.fenced() {
            self.primary.append(fenced.history, &message);
            self.publish();
        }
    }

    /// Whether the primary has anything that the replica has not.
    pub(crate) fn has_gone_on(&self) -> bool {
        let behind = self.replica.as_ref().map(|replica| replica.fenced());
        behind.is_some_and(|behind| behind != self.primary.fenced())
    }

    /// How far the primary's history has come.
    pub(crate) fn tail(&self) -> Option<Position> {
        self.primary.fenced().map(|fenced| fenced.position())
    }

    pub(crate) fn write(&self, to: &mut Canonical, now: Tick, read: Position) {
        let clock = self.clock(now);
        let read = if self.may_go_back {
            Position::ORIGIN
        } else {
            read
        };
        let lowest = self.wall_ms(now) - (TICK * self.may_step_back).as_millis() as u64;
        let servers = [Some(&self.primary), self.replica.as_ref()];
        to.number(self.behind.into());
        to.list(&self.handed_before, |to, record| record.write(to));
        to.list(servers.into_iter().flatten(), |to, server| {
            server.write(to, clock, read, lowest, |to, record| {
                record.write(to);
            });
        });
    }
}
