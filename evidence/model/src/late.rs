//! Requests that their senders have given up, and that a server executes later.

use std::time::Duration;

use unstale_core::{Canonical, Message, Witness};

use crate::ledger::Group;
use crate::node::Around;
use crate::node::delivery::list;
use crate::scope::KEYS;
use crate::site::Record;
use crate::tale::{Mark, say};

#[derive(Clone, Debug)]
pub(crate) enum Late {
    Removal {
        message: Message,
        group: Group,
        ours: Witness,
        margin: Duration,
    },
    Claim {
        key: usize,
        lease: Record,
    },
    Fill {
        key: usize,
        lease: Record,
        value: Record,
    },
}

impl Late {
    /// The server gets it after all. Nobody hears the answer.
    pub(crate) fn execute(self, around: &mut Around<'_>) {
        let now = around.now;
        around.tale.mark(Mark::LateExecution);
        match self {
            Late::Removal {
                message,
                group,
                ours,
                margin,
            } => {
                let message = Message {
                    id: around.fresh_name(),
                    ..message
                };
                let what = list(message.changes.iter());
                let max_bans = around.scope.max_bans;
                let site = around.site();
                let clock = site.clock(now);
                let done = site
                    .primary
                    .invalidate(ours, &message, clock, margin, max_bans);
                site.publish();
                match done {
                    Some(appended) => {
                        let position = appended.position();
                        around.ledger().execute(group, position, now);
                        say!(
                            around.tale,
                            "the server executes {what} late, at {position}"
                        );
                    }
                    None => say!(around.tale, "the server refuses {what}, which comes late"),
                }
            }
            Late::Claim { key, lease } => {
                let site = around.site();
                let clock = site.clock(now);
                let until = clock + lease.ttl;
                let looked = site.primary.claim(KEYS[key], lease, clock, until);
                let word = if looked.is_none() {
                    "grants"
                } else {
                    "refuses"
                };
                say!(
                    around.tale,
                    "the server {word} a lease that nobody waits for"
                );
            }
            Late::Fill { key, lease, value } => {
                let site = around.site();
                let clock = site.clock(now);
                let until = clock + value.ttl;
                let is_lease = |record: &Record| *record == lease;
                let stored = site
                    .primary
                    .replace(KEYS[key], is_lease, value, clock, until);
                let word = if stored { "stores" } else { "refuses" };
                say!(around.tale, "the server {word} a value that comes late");
            }
        }
    }

    pub(crate) fn write(&self, to: &mut Canonical) {
        match self {
            Late::Removal {
                message,
                group,
                ours,
                margin: _,
            } => {
                to.number(0);
                to.message(message);
                group.write(to);
                to.witness(*ours);
            }
            Late::Claim { key, lease } => {
                to.number(1 + *key as u64);
                lease.write(to);
            }
            Late::Fill { key, lease, value } => {
                to.number(3 + *key as u64);
                lease.write(to);
                value.write(to);
            }
        }
    }
}
