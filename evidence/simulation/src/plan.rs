//! What is going to happen in a run: all of it drawn from the seed, and small enough to be made
//! smaller.

use std::fmt;

use crate::keyspace::Key;
use crate::setting::Setting;

/// One run. Spans and times are microseconds.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Decides what is drawn while the run goes on: delays, ids.
    pub seed: u64,
    pub(crate) setting: Setting,
    pub(crate) clients: Vec<Client>,
    pub(crate) faults: Vec<Fault>,
}

/// Somebody who uses one instance, doing one thing after the other.
#[derive(Clone, Debug)]
pub(crate) struct Client {
    pub(crate) instance: usize,
    pub(crate) steps: Vec<Step>,
}

/// One thing he does.
#[derive(Clone, Debug)]
pub(crate) struct Step {
    /// What he waits for before.
    pub(crate) pause: u64,
    pub(crate) verb: Verb,
    /// He stops waiting for it after this.
    pub(crate) patience: Option<u64>,
}

#[derive(Clone, Debug)]
pub(crate) enum Verb {
    /// `get_or_load`.
    Load {
        key: Key,
        loader: Loader,
        with_token: bool,
    },
    /// `lookup`, and what becomes of the lease.
    Lookup {
        key: Key,
        loader: Loader,
        fills: bool,
    },
    /// `get`.
    Get { key: Key, with_token: bool },
    /// `get_many`, of all keys.
    GetMany,
    /// Writes the source, and removes so much later.
    Write { target: Target, lag: u64 },
    /// `set`, of the one key that is set.
    Set,
}

/// What reads the source.
#[derive(Clone, Debug)]
pub(crate) struct Loader {
    pub(crate) before: u64,
    pub(crate) after: u64,
    pub(crate) end: LoaderEnd,
    /// Instead of the configured life.
    pub(crate) ttl: Option<u64>,
    pub(crate) slides: bool,
}

impl Loader {
    /// One that only loads, at once.
    pub(crate) fn plain() -> Self {
        Self {
            before: 0,
            after: 0,
            end: LoaderEnd::Row,
            ttl: None,
            slides: false,
        }
    }
}

#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(crate) enum LoaderEnd {
    Row,
    Nothing,
    Error,
    Panic,
}

/// What a write is about.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(crate) enum Target {
    Key(Key),
    /// All keys, one by one.
    Batch,
    /// `a:*`.
    Group,
    /// `?:0`.
    Glob,
    Tag,
    All,
}

/// Something goes wrong.
#[derive(Clone, Debug)]
pub(crate) struct Fault {
    pub(crate) at: u64,
    pub(crate) kind: FaultKind,
}

#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(crate) enum FaultKind {
    /// `FLUSHALL`, connections alive.
    Flush,
    /// The log keeps so many entries.
    Trim(usize),
    /// A record is evicted.
    Evict(Key),
    /// `meta` is evicted.
    LoseMeta,
    /// The log is evicted.
    LoseLog,
    /// The server is another after so long: with nothing, with everything, or with what it had a
    /// while ago.
    Restart { memory: Memory, down: u64 },
    /// A replica takes over with what it had a while ago. Connections may survive it.
    FailOver { lag: u64, survivors: bool },
    /// The server does nothing for so long.
    Hang(u64),
    /// It has run out of memory for so long.
    Full(u64),
    /// Its clock jumps, by so many milliseconds.
    ClockJump(i64),
    /// Nothing gets through between an instance and the server for so long.
    Partition {
        instance: usize,
        which: Which,
        span: u64,
    },
    /// Connections of an instance end.
    Cut {
        instance: usize,
        which: Which,
        noticed: bool,
    },
    /// Messages that are published do not reach an instance for so long.
    Deaf { instance: usize, span: u64 },
    /// An instance does nothing for so long.
    Pause { instance: usize, span: u64 },
    /// An instance is killed, or dropped, or closed; another takes its place after so long.
    Replace { instance: usize, how: End, gap: u64 },
}

/// What a server has when it comes back.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(crate) enum Memory {
    Nothing,
    Everything,
    /// What it had so long ago.
    Of(u64),
}

/// Which connections.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(crate) enum Which {
    Commands,
    Log,
    Both,
}

/// How an instance ends.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(crate) enum End {
    Killed,
    Dropped,
    Closed,
}

impl Plan {
    /// Whether anything goes wrong in it.
    pub(crate) fn goes_wrong(&self) -> bool {
        self.setting.storm > 0 || !self.faults.is_empty()
    }

    /// How much happens in it: what makes it smaller counts less.
    pub fn size(&self) -> usize {
        let steps: usize = self.clients.iter().map(|client| client.steps.len()).sum();
        let rough = usize::from(self.setting.storm > 0);
        self.setting.instances * 4 + self.setting.keys + steps + self.faults.len() * 2 + rough * 8
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:?}", self.setting)?;
        for (number, client) in self.clients.iter().enumerate() {
            writeln!(f, "client {number} of instance {}:", client.instance)?;
            for step in &client.steps {
                write!(f, "  after {} µs: {:?}", step.pause, step.verb)?;
                match step.patience {
                    Some(patience) => writeln!(f, ", given up after {patience} µs")?,
                    None => writeln!(f)?,
                }
            }
        }
        for fault in &self.faults {
            writeln!(f, "fault at {} µs: {:?}", fault.at, fault.kind)?;
        }
        Ok(())
    }
}
