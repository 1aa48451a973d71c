//! One read of a node with all its stops: L2, the lease, the source, the fill, L1.

use super::node::Node;
use super::server::{Record, Server};
use super::*;
use crate::Reach;

#[derive(Debug)]
enum Phase {
    Begun,
    Drafted(Record),
    Found(Record, Record),
    Guarded(Option<Record>, Snapshot),
    Loading(Option<Record>),
    Loaded(Option<Record>, u64),
    Done {
        value: u64,
        stamp: Position,
        lives_until: Tick,
        keep: bool,
    },
}

#[derive(Debug)]
pub(super) struct Load {
    pub(super) node: usize,
    pub(super) key: Arc<str>,
    pub(super) ticket: Ticket,
    /// What it brings must be at least as new, for the sake of everybody who waits for it.
    pub(super) floor: u64,
    reach: Reach,
    stamp: Position,
    phase: Phase,
}

/// What every load needs to know.
pub(super) struct Surroundings<'a> {
    pub(super) server: &'a mut Server,
    pub(super) source: u64,
    pub(super) tags: Vec<Arc<str>>,
    pub(super) ttl: Duration,
    pub(super) token: u64,
    /// The next answer of the server is lost.
    pub(super) lose: bool,
    pub(super) now: Tick,
}

impl Load {
    pub(super) fn new(
        node: usize,
        key: Arc<str>,
        ticket: Ticket,
        floor: u64,
        reach: Reach,
    ) -> Self {
        Self {
            node,
            key,
            ticket,
            floor,
            reach,
            stamp: Position::ORIGIN,
            phase: Phase::Begun,
        }
    }

    /// Goes one step further; true when it has landed.
    pub(super) fn step(&mut self, node: &mut Node, around: Surroundings<'_>) -> bool {
        let Surroundings {
            server,
            source,
            tags,
            ttl,
            token,
            lose,
            now,
        } = around;
        let key = self.key.clone();
        self.phase = match std::mem::replace(&mut self.phase, Phase::Begun) {
            Phase::Begun if self.reach == Reach::SourceOnly => self.begin_loading(node, None),
            Phase::Begun if self.reach == Reach::Guarded => {
                node.ensure_line(server);
                match server.snapshot() {
                    Some(snapshot) => Phase::Guarded(server.look(&key, now), snapshot),
                    None => self.begin_loading(node, None),
                }
            }
            Phase::Begun => Phase::Drafted(self.draft(node, token, now)),
            Phase::Guarded(looked, snapshot) => {
                let Instance { partition, shelf } = &mut node.instance;
                let trusted = partition.adopt(snapshot.fenced, shelf);
                let usable = |record: &Record| {
                    let (tags, stamp) = (&record.tags, record.stamp);
                    snapshot.accepts(&key, tags, stamp) && partition.accepts(&key, tags, stamp)
                };
                match looked.filter(|record| trusted && record.value.is_some() && usable(record)) {
                    Some(record) => found(record),
                    None => {
                        let lease = self.draft(node, token, now);
                        node.ensure_line(server);
                        let granted = server.replace(&key, None, lease.clone(), now);
                        self.begin_loading(node, granted.then_some(lease))
                    }
                }
            }
            Phase::Drafted(lease) => {
                node.ensure_line(server);
                match server.look(&key, now) {
                    None => {
                        server.replace(&key, None, lease.clone(), now);
                        self.begin_loading(node, (!lose).then_some(lease))
                    }
                    Some(record) => Phase::Found(record, lease),
                }
            }
            Phase::Found(record, lease) => {
                let partition = &node.instance.partition;
                let (tags, stamp) = (&record.tags, record.stamp);
                if record.value.is_some() && partition.accepts(&key, tags, stamp) {
                    found(record)
                } else if record.value.is_none() && partition.is_recent_enough(&key, stamp) {
                    // Another's load: it is not waited for here.
                    self.begin_loading(node, None)
                } else {
                    node.ensure_line(server);
                    let taken = server.replace(&key, Some(&record), lease.clone(), now);
                    self.begin_loading(node, taken.then_some(lease))
                }
            }
            Phase::Loading(lease) => Phase::Loaded(lease, source),
            Phase::Loaded(lease, value) => {
                let lives_until = now + ttl;
                let refused = lease.is_some_and(|lease| {
                    let record = Record {
                        value: Some(value),
                        tags,
                        expires: lives_until,
                        ..lease.clone()
                    };
                    node.ensure_line(server);
                    !server.replace(&key, Some(&lease), record, now) && !lose
                });
                Phase::Done {
                    value,
                    stamp: self.stamp,
                    lives_until,
                    keep: !refused,
                }
            }
            Phase::Done {
                value,
                stamp,
                lives_until,
                keep,
            } => {
                assert!(value >= self.floor, "{self:?} brings {value}");
                if keep {
                    self.keep(node, value, stamp, tags, (ttl, lives_until), now);
                }
                node.instance.partition.land(&key, self.ticket);
                return true;
            }
        };
        false
    }

    fn keep(
        &self,
        node: &mut Node,
        value: u64,
        stamp: Position,
        tags: Vec<Arc<str>>,
        (ttl, lives_until): (Duration, Tick),
        now: Tick,
    ) {
        let Instance { partition, shelf } = &mut node.instance;
        let admitted = partition.admit(self.ticket, &self.key, &tags, stamp, ttl);
        if let Some(checked) = admitted
            && now < lives_until
        {
            let copy = Copy {
                value,
                stamp,
                tags,
                checked,
                lives_until,
            };
            shelf.0.insert(self.key.clone(), copy);
        }
    }

    fn draft(&mut self, node: &Node, token: u64, now: Tick) -> Record {
        self.stamp = node.instance.partition.known();
        Record {
            token,
            stamp: self.stamp,
            value: None,
            tags: Vec::new(),
            expires: now + node.limits.lease_ttl,
        }
    }

    /// The source is read in a later step: what is known now has been executed before that.
    fn begin_loading(&mut self, node: &Node, lease: Option<Record>) -> Phase {
        if lease.is_none() {
            self.stamp = node.instance.partition.known();
        }
        Phase::Loading(lease)
    }
}

fn found(record: Record) -> Phase {
    Phase::Done {
        value: record.value.unwrap_or_default(),
        stamp: record.stamp,
        lives_until: record.expires,
        keep: true,
    }
}
