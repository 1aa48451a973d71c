//! Two instances, one server, a source, and everything that can happen between them.

use super::load::{Load, Surroundings};
use super::node::{Node, Progress, Versions};
use super::random::Random;
use super::server::Server;
use super::*;

/// Short lives, so that bans are forgotten and leases run out within one walk.
pub(super) const WALK_LIMITS: Limits = Limits {
    max_staleness: Duration::from_millis(300),
    load_timeout: Duration::from_millis(800),
    lease_ttl: Duration::from_millis(400),
    max_bans: 3,
};
const TTL: Duration = Duration::from_millis(700);

pub(super) const KEYS: [&str; 3] = ["a:1", "a:2", "b:1"];

pub(super) fn tags_of(key: &str) -> Vec<Arc<str>> {
    match key {
        "a:2" => vec![],
        _ => vec!["red".into()],
    }
}

fn covers(change: &Change, key: &str) -> bool {
    match change {
        Change::Key(one) => **one == *key,
        Change::Ban(Scope::Tag(tag)) => tags_of(key).contains(tag),
        Change::Ban(scope) => scope.may_cover(key),
    }
}

pub(super) struct World {
    random: Random,
    /// How many steps of a thousand make trouble.
    trouble: u64,
    pub(super) now: Tick,
    source: Versions,
    pub(super) server: Server,
    pub(super) nodes: [Node; 2],
    loads: Vec<Load>,
    /// Per node: what removals of its own were about.
    pub(super) own: [Versions; 2],
    pub(super) executed: Versions,
    pub(super) acknowledged: Vec<(Tick, Position, Versions)>,
    leases: u64,
    pub(super) hits: u64,
}

fn raise(versions: &mut Versions, by: &Versions) {
    for (key, version) in by {
        let newest = versions.entry(key.clone()).or_default();
        *newest = (*newest).max(*version);
    }
}

pub(super) fn version(versions: &Versions, key: &str) -> u64 {
    versions.get(key).copied().unwrap_or_default()
}

impl World {
    pub(super) fn new(seed: u64) -> Self {
        Self {
            random: Random(seed),
            trouble: 5 + 10 * (seed % 3),
            now: start(),
            source: Versions::new(),
            server: Server::default(),
            nodes: [1, 2].map(|id| Node::new(id, WALK_LIMITS)),
            loads: Vec::new(),
            own: Default::default(),
            executed: Versions::new(),
            acknowledged: Vec::new(),
            leases: 0,
            hits: 0,
        }
    }

    pub(super) fn step(&mut self) {
        let at = usize::from(self.random.one_in(2));
        if self.random.below(1000) < self.trouble {
            return self.make_trouble(at);
        }
        match self.random.below(995) {
            0..15 => self.remove(at),
            15..150 => self.send(at),
            150..160 => self.nodes[at].lose_answer(self.now),
            160..300 => self.arrive(at),
            300..630 => self.proceed(),
            630..635 => self.cancel(),
            635..930 => {
                let probe = self.random.one_in(3);
                self.nodes[at].read(&mut self.server, probe, self.now);
            }
            930..935 => self.nodes[at].lose_entry(),
            935..975 => {
                self.now = self.now + Duration::from_millis(self.random.below(60));
            }
            975..980 => self.nodes[at].instance.partition.tidy(self.now),
            _ => self.server.replicate(),
        }
    }

    /// The source first, then the removal.
    fn remove(&mut self, at: usize) {
        let change = match self.random.below(8) {
            0 => tag("red"),
            1 => everything(),
            2 => pattern("a:*"),
            3 => pattern("?:1"),
            _ => key(KEYS[self.random.of(&KEYS)]),
        };
        let mut versions = Versions::new();
        for key in KEYS.into_iter().filter(|key| covers(&change, key)) {
            let newest = self.source.entry(key.into()).or_default();
            *newest += 1;
            versions.insert(key.into(), *newest);
        }
        raise(&mut self.own[at], &versions);
        self.nodes[at].remove(change, versions, self.now);
    }

    fn send(&mut self, at: usize) {
        match self.nodes[at].send(&mut self.server, self.now) {
            Progress::Nothing => {}
            Progress::Executed(versions) => raise(&mut self.executed, &versions),
            Progress::Acknowledged(versions, token) => {
                self.acknowledged.push((self.now, token, versions));
            }
        }
    }

    /// Somebody reads, with a token or without.
    fn arrive(&mut self, at: usize) {
        let key: Arc<str> = KEYS[self.random.of(&KEYS)].into();
        let mut floor = version(&self.own[at], &key);
        let mut at_least = Position::ORIGIN;
        if self.random.one_in(4) && !self.acknowledged.is_empty() {
            let token = &self.acknowledged[self.random.of(&self.acknowledged)];
            at_least = token.1;
            floor = floor.max(version(&token.2, &key));
        }
        let now = self.now;
        if self.serves(at, &key, at_least) {
            let Instance { partition, shelf } = &mut self.nodes[at].instance;
            if let Some(copy) = shelf.0.get_mut(&key) {
                copy.checked = partition.bans_arrived();
                self.hits += 1;
            }
            return;
        }
        let partition = &mut self.nodes[at].instance.partition;
        let reach = partition.reach(&key, at_least, now);
        let ticket = if self.loads.len() < 4 && self.random.one_in(4) {
            partition.open_ticket(&key)
        } else {
            match partition.arrive(&key, at_least, now) {
                Arrival::Lead(ticket) => ticket,
                Arrival::Join(ticket) => {
                    let flight = self
                        .loads
                        .iter_mut()
                        .find(|load| (load.node, load.ticket) == (at, ticket));
                    let flight = flight.expect("a flight that is joined is up");
                    flight.floor = flight.floor.max(floor);
                    return;
                }
                Arrival::Wait(_) => return,
            }
        };
        self.loads.push(Load::new(at, key, ticket, floor, reach));
    }

    fn proceed(&mut self) {
        if self.loads.is_empty() {
            return;
        }
        let index = self.random.of(&self.loads);
        self.leases += 1;
        let load = &mut self.loads[index];
        let around = Surroundings {
            server: &mut self.server,
            source: version(&self.source, &load.key),
            tags: tags_of(&load.key),
            ttl: TTL,
            token: self.leases,
            lose: self.random.one_in(10),
            now: self.now,
        };
        if load.step(&mut self.nodes[load.node], around) {
            self.loads.swap_remove(index);
        }
    }

    fn cancel(&mut self) {
        if !self.loads.is_empty() {
            let load = self.loads.swap_remove(self.random.of(&self.loads));
            let partition = &mut self.nodes[load.node].instance.partition;
            partition.land(&load.key, load.ticket);
        }
    }

    fn make_trouble(&mut self, at: usize) {
        match self.random.below(6) {
            0 => self.server.flush(),
            1 => {
                self.server.fail_over();
                for node in &mut self.nodes {
                    node.disconnect(self.now);
                }
            }
            2 => self.server.trim(0),
            3 => self.server.trim(2),
            4 => self.nodes[at].instance.partition.lose_track(),
            _ => self.nodes[at].disconnect(self.now),
        }
    }

    /// No more trouble: everything under way comes to its end.
    pub(super) fn come_to_rest(&mut self) {
        while !self.loads.is_empty() {
            self.proceed();
        }
        for turn in 0..200 {
            for at in 0..self.nodes.len() {
                self.send(at);
                self.nodes[at].read(&mut self.server, turn % 7 == 0, self.now);
            }
        }
    }

    /// Whether L1 answers, to one who has to see `at_least`.
    pub(super) fn serves(&self, at: usize, key: &str, at_least: Position) -> bool {
        let instance = &self.nodes[at].instance;
        let alive = |copy: &Copy| self.now < copy.lives_until;
        instance.is_proven(self.now)
            && instance.partition.position() >= at_least
            && instance.shelf.0.get(key).is_some_and(alive)
            && instance.holds(key)
    }
}
