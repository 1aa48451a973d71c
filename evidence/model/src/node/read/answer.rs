//! What a server answers to what a read has asked it for, or that no answer comes.

use unstale_core::Tick;

use super::{Around, Lease, NAMES, Node, Phase, Read};
use crate::scope::{How, KEYS};
use crate::site::{Peer, Record};
use crate::tale::{Mark, say};

impl Node {
    /// The server does what a read has asked it for.
    pub(crate) fn execute_read(&mut self, index: usize, around: &mut Around<'_>) {
        let Some(peer) = self.line.peer() else {
            return;
        };
        let read = self.reads[index].clone();
        if peer == Peer::Replica && !matches!(read.phase, Phase::Looking { .. }) {
            around.tale.mark(Mark::ReplicaRefused);
            say!(
                around.tale,
                "the replica refuses its read: the connection is given up"
            );
            return self.lose_line(around);
        }
        let phase = served(&read, peer, around);
        self.reads[index].phase = phase.unwrap_or_else(|| self.loading_without_lease());
    }

    /// No answer comes to what a read has asked for: `Acquired::Nothing`, or a fill not tried.
    pub(crate) fn fail_read(&mut self, index: usize) {
        let read = &self.reads[index];
        if !read.is_under_way() {
            return;
        }
        self.reads[index].phase = match read.phase {
            Phase::Filling { lease, fill } => Phase::Filled {
                lease,
                fill,
                stored: None,
            },
            // It will find nothing.
            _ if read.how == How::Get => Phase::Looked {
                looked: None,
                asked: Tick::default(),
            },
            _ => self.loading_without_lease(),
        };
    }

    /// The server has done it, and whoever asked does not know.
    pub(crate) fn forget_answer(&mut self, index: usize, before: Read) {
        if index < self.reads.len() {
            self.reads[index] = before;
            self.fail_read(index);
        }
    }
}

/// What a server answers; `None` when there is nothing in it for this read.
fn served(read: &Read, peer: Peer, around: &mut Around<'_>) -> Option<Phase> {
    let (name, now) = (KEYS[read.key], around.now);
    let lease_ttl = around.scope.limits().lease_ttl;
    let ttl = around.scope.ttl(read.long);
    let clock = around.site.clock(now);
    let who = NAMES[around.by];
    let record = |lease: Lease| lease.record(around.scope);
    Some(match read.phase.clone() {
        Phase::Claiming { lease, asked } => {
            let record = record(lease);
            let server = &mut around.site().primary;
            match server.claim(name, record, clock, clock + lease_ttl) {
                None => granted(lease, around),
                Some(looked) => {
                    let what = what(&looked.record);
                    say!(around.tale, "the server answers the read with {what}");
                    Phase::Occupied {
                        lease,
                        looked,
                        asked,
                    }
                }
            }
        }
        Phase::ClaimingMissing { lease } => {
            let record = record(lease);
            let server = &mut around.site().primary;
            match server.claim(name, record, clock, clock + lease_ttl) {
                None => granted(lease, around),
                Some(_) => return None,
            }
        }
        Phase::TakingOver { lease, seen } => {
            let record = record(lease);
            let is_seen = |other: &Record| {
                other.token == seen.token && other.value.is_some() == seen.value.is_some()
            };
            let server = &mut around.site().primary;
            if server.replace(name, is_seen, record, clock, clock + lease_ttl) {
                around.tale.mark(Mark::TakenOver);
                granted(lease, around)
            } else {
                Phase::Waiting { token: None }
            }
        }
        Phase::Guarding { ours, asked } => {
            let (looked, snapshot) = around.site.look_guarded(read.key, ours, now);
            Phase::Guarded {
                looked,
                snapshot,
                asked,
            }
        }
        Phase::Looking { asked } => Phase::Looked {
            looked: around.site.look(peer, read.key, now),
            asked,
        },
        Phase::Filling { lease, fill } => {
            let record = Record {
                token: lease.token,
                stamp: fill.stamp,
                value: Some(fill.value),
                ttl,
            };
            let server = &mut around.site().primary;
            let stored = server.replace(name, |r| lease.is(r), record.clone(), clock, clock + ttl);
            if !stored {
                around.site().hand_over(&record);
            }
            let (mark, word) = if stored {
                (Mark::FillStored, "stores")
            } else {
                (Mark::FillRefused, "refuses")
            };
            around.tale.mark(mark);
            say!(
                around.tale,
                "the server {word} version {} from {who}",
                fill.value
            );
            Phase::Filled {
                lease,
                fill,
                stored: Some(stored),
            }
        }
        other => other,
    })
}

fn granted(lease: Lease, around: &mut Around<'_>) -> Phase {
    around.tale.mark(Mark::LeaseGranted);
    say!(
        around.tale,
        "the server grants the lease, stamped {}",
        lease.stamp
    );
    Phase::Loading {
        lease: Some(lease),
        stamp: lease.stamp,
    }
}

fn what(record: &Record) -> String {
    match record.value {
        Some(value) => format!("version {value}, stamped {}", record.stamp),
        None => format!("a lease, stamped {}", record.stamp),
    }
}
