//! The steps that a server takes for its caches, one by one: what the hub answers and holds, and
//! what Redis does, in the same words, so that they can be compared.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use crate::codec::Encoded;
use crate::config::Config;
use crate::core::{Appended, Fenced, Message, Partition, Position, Snapshot, Witness};
use crate::local::Local;
use crate::partitions::PartitionId;
use crate::policy::Priority;
use crate::tiers::Memory;
use crate::tiers::record::{self, Traits, Value};
use crate::tiers::{Awaited, Claim, Fill, Looked, StoreEntry, Unavailable};

pub use crate::tiers::RedisSteps;
pub use crate::tiers::hub::HubSteps;

/// What one cache knows of the server's history, and would tell it.
#[derive(Clone)]
pub struct Caller {
    pub(crate) local: Arc<Local>,
}

impl Caller {
    /// One who has met no server yet, and whose values live at most so long.
    pub fn new(config: &Config, longest_ttl: Duration) -> Self {
        let partition = Partition::new(config.limits(), longest_ttl);
        let memory = Arc::new(Memory::new(&config.memory));
        let local = Arc::new(Local::new(PartitionId::ONLY, partition, memory));
        Self { local }
    }

    /// Takes note of what a server answered; false when it knows of a later history.
    pub fn adopt(&self, fenced: Fenced) -> bool {
        self.local.adopt(fenced)
    }

    /// What it tells a server.
    pub fn witness(&self) -> Witness {
        self.local.witness()
    }
}

/// A value for the server to hold.
#[derive(Clone, Debug)]
#[expect(missing_docs)]
pub struct Stored {
    pub key: Arc<str>,
    pub token: String,
    pub ttl: Duration,
    pub sliding: Option<Duration>,
}

impl Stored {
    fn traits(&self) -> Traits {
        Traits {
            ttl: self.ttl,
            sliding: self.sliding,
            size: 1,
            priority: Priority::Normal,
            tags: Box::default(),
        }
    }

    pub(crate) fn value(&self, stamp: Position) -> Value {
        Value {
            stamp,
            traits: self.traits(),
            encoded: Encoded {
                flags: 0,
                payload: Bytes::from_static(b"\xc0"),
            },
        }
    }

    pub(crate) fn rest(&self) -> Vec<u8> {
        let value = self.value(Position::ORIGIN);
        record::value_rest(&self.token, &value.traits, &value.encoded)
    }

    pub(crate) fn entry(&self) -> StoreEntry {
        StoreEntry {
            key: self.key.clone(),
            traits: self.traits(),
            rest: self.rest(),
        }
    }
}

/// Something a cache asks of its server.
#[derive(Clone, Debug)]
#[expect(missing_docs)]
pub enum Step {
    Fence,
    Invalidate(Message),
    Store(Message, Vec<Stored>),
    LookGuarded(Arc<str>),
    Claim {
        key: Arc<str>,
        lease: Bytes,
    },
    TakeOver {
        key: Arc<str>,
        seen: Bytes,
        lease: Bytes,
    },
    Fill {
        lease: Bytes,
        stamp: Position,
        value: Stored,
    },
    AwaitFill {
        key: Arc<str>,
        lease: Bytes,
    },
    HandOver {
        lease: Bytes,
        stamp: Position,
        value: Stored,
    },
    Release {
        key: Arc<str>,
        lease: Bytes,
    },
    Touch {
        key: Arc<str>,
        seen: Bytes,
    },
}

/// A record, and how long it will live.
#[derive(Clone, PartialEq, Debug)]
#[expect(missing_docs)]
pub struct Found {
    pub bytes: Bytes,
    pub remaining: Duration,
}

impl From<Looked> for Found {
    fn from(looked: Looked) -> Self {
        Self {
            bytes: looked.bytes,
            remaining: looked.remaining,
        }
    }
}

/// What a server answers.
#[derive(Clone, PartialEq, Debug)]
#[expect(missing_docs)]
pub enum Answer {
    Fenced(Fenced),
    Appended(Appended),
    NotFenced,
    /// The record, and what `meta` says that matters for it, if its history goes on.
    Guarded(Option<Found>, Option<Snapshot>),
    Granted,
    Occupied(Found),
    Yes,
    No,
    /// Whether it was filled, and whether somebody waits for what it was filled with.
    Filled {
        stored: bool,
        awaited: bool,
    },
    /// What was handed over, and the record.
    Awaited(Option<Bytes>, Option<Found>),
    Left {
        sliding: Duration,
        absolute: Duration,
    },
    Done,
    Failed(String),
}

impl Answer {
    pub(crate) fn yes_or_no(yes: bool) -> Self {
        if yes { Answer::Yes } else { Answer::No }
    }

    /// Bans that are no younger than a value do not matter for it, and a server need not mention
    /// them.
    pub(crate) fn guarded(looked: Option<Looked>, snapshot: Option<Snapshot>) -> Self {
        let stamp = looked
            .as_ref()
            .and_then(|looked| match record::parse(&looked.bytes) {
                record::Record::Value(value) => Some(value.stamp.seq),
                _ => None,
            });
        let snapshot = snapshot.map(|snapshot| Snapshot {
            bans: snapshot
                .bans
                .into_iter()
                .filter(|(_, seq)| Some(*seq) > stamp)
                .collect(),
            ..snapshot
        });
        Answer::Guarded(looked.map(Found::from), snapshot.map(in_order))
    }
}

impl From<Claim> for Answer {
    fn from(claim: Claim) -> Self {
        match claim {
            Claim::Granted => Answer::Granted,
            Claim::Occupied(looked) => Answer::Occupied(looked.into()),
        }
    }
}

impl From<Fill> for Answer {
    fn from(fill: Fill) -> Self {
        Answer::Filled {
            stored: fill.stored,
            awaited: fill.awaited,
        }
    }
}

impl From<Awaited> for Answer {
    fn from(awaited: Awaited) -> Self {
        Answer::Awaited(awaited.handed, awaited.looked.map(Found::from))
    }
}

impl From<Unavailable> for Answer {
    fn from(failure: Unavailable) -> Self {
        match failure {
            Unavailable::NotFenced => Answer::NotFenced,
            other => Answer::Failed(other.to_string()),
        }
    }
}

/// What a server holds for its caches, as far as they can find out.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct State {
    /// What `meta` says; `None` when it is gone.
    pub meta: Option<Meta>,
    /// The log, or what was published since the last look. `None`: it cannot be understood.
    pub log: Vec<(Position, Option<Message>)>,
    /// The record of each key.
    pub records: BTreeMap<Arc<str>, Option<Found>>,
}

/// What `meta` says.
#[derive(Clone, PartialEq, Debug)]
pub struct Meta {
    /// The history, and the bans.
    pub snapshot: Snapshot,
    /// When each ban is forgotten, in milliseconds of the server's clock.
    pub forgotten_at: BTreeMap<String, u64>,
    /// The latest time seen, in milliseconds of the server's clock.
    pub latest_ms: u64,
    /// What nobody here knows. Whoever adds something to `meta` adds it to this as well.
    pub others: Vec<String>,
}

/// A snapshot whose bans are in an order that does not depend on who tells them.
pub(crate) fn in_order(mut snapshot: Snapshot) -> Snapshot {
    snapshot.bans.sort_by_key(|(scope, _)| scope.to_string());
    snapshot
}

/// The bytes of a lease.
pub fn lease(stamp: Position, token: &str) -> Bytes {
    record::lease(stamp, token)
}

/// What tells a record from every other of its key.
pub fn identity(record: &[u8]) -> &[u8] {
    record::identity(record)
}
