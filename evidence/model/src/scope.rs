//! A bounded world: who may do what how often, and what may befall whom.

use std::time::Duration;

use unstale_core::{Limits, Scope as Ban};

use crate::tale::Mark;

/// One unit of the model's time. The margin of two seconds that the core allows the server's
/// clock is one of it.
pub(crate) const TICK: Duration = Duration::from_secs(2);

/// The keys of every world; smaller ones use the first.
pub(crate) const KEYS: [&str; 2] = ["a:1", "a:2"];

/// The tag of the first key.
pub(crate) const TAG: &str = "red";

/// What a removal is about.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(crate) enum Target {
    /// One key, by its index.
    Key(usize),
    /// The pattern that covers both keys.
    Pattern,
    /// The tag, which only the first key carries.
    Tag,
    /// A pattern that covers no key: one more ban to be remembered.
    Elsewhere,
}

/// How a read is made.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(crate) enum How {
    /// `get_or_load`, whose flight others may join.
    Load,
    /// `lookup` and filling by hand: it shares nothing.
    Lookup,
    /// `get`: without loading.
    Get,
}

/// What may befall somebody. A scope says how often.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(crate) enum Fault {
    /// A record is evicted.
    Evict,
    /// `meta` is evicted.
    LoseMeta,
    /// The log is evicted.
    LoseLog,
    /// The log is trimmed past whoever has not read it.
    Trim,
    /// `FLUSHALL`: the connections stay.
    Flush,
    /// The server is restarted with its data: the connections are cut.
    Restart,
    /// The server is restarted without its data: the connections are cut.
    RestartEmpty,
    /// A replica takes over. The scope says what becomes of the connections.
    Failover,
    /// The replica catches up with the primary.
    Replicate,
    /// The server goes back in place to what it was when the replica caught up with it last, and the
    /// connections stay. Others may write to it at once.
    GoBack,
    /// The server's clock steps back.
    ClockBack,
    /// An instance's connection for commands is cut.
    CutLine,
    /// An instance's connection to the log is cut.
    CutFeed,
    /// A request is lost before it is executed; its connection stays.
    LoseRequest,
    /// A request times out, and is executed later.
    LateRequest,
    /// A request is executed, and its answer is lost.
    LoseAnswer,
    /// A message that was published is lost.
    LosePush,
    /// Whoever reads gives up.
    Cancel,
    /// An instance forgets bans that are old enough.
    Tidy,
}

impl Fault {
    pub(crate) const COUNT: usize = Fault::Tidy as usize + 1;
}

/// What becomes of a connection at a failover.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(crate) enum Fate {
    /// It breaks.
    Cut,
    /// A proxy in between goes on with the new primary, and says nothing.
    Follow,
    /// It stays with the old primary, which is a replica now.
    Stay,
}

/// How a world begins.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(crate) enum Start {
    /// Nobody has met a server.
    Cold,
    /// Both instances are connected and proven; nothing is cached.
    Connected,
    /// Besides, L2 has every key.
    Shared,
    /// Besides, so has every L1.
    Cached,
}

/// The model's spans, in ticks.
#[derive(Copy, Clone, Debug)]
pub(crate) struct Spans {
    pub(crate) max_staleness: u32,
    pub(crate) lease: u32,
    /// The life of a value.
    pub(crate) ttl: u32,
    /// The life of a value that lives longer, where there are any.
    pub(crate) long_ttl: u32,
    /// How far the server's clock steps back.
    pub(crate) step_back: u32,
}

/// What is taken apart into its smallest steps; the rest goes in strides between which nothing can
/// matter to it in most scopes.
#[derive(Copy, Clone, Debug)]
pub(crate) struct Slow {
    /// A hit looks at the proof, takes the copy, and judges it.
    pub(crate) hits: bool,
    /// A load learns how it may use L2, and asks it later.
    pub(crate) loads: bool,
    /// What the log and the probe answer is on its way for a while, and is applied piece by piece.
    pub(crate) feeds: bool,
    /// So is what the fence answers on a connection for commands, and the news that one is gone.
    pub(crate) lines: bool,
}

/// A bounded world that is explored completely.
#[derive(Clone, Debug)]
pub(crate) struct Scope {
    pub(crate) name: &'static str,
    /// What it is about, in one sentence.
    pub(crate) about: &'static str,
    pub(crate) keys: usize,
    pub(crate) start: Start,
    /// What may be removed.
    pub(crate) targets: &'static [Target],
    /// How many removals each instance begins.
    pub(crate) removals: [u8; 2],
    /// Promises about own writes count from when they begin, which is what users are promised;
    /// otherwise from their acknowledgement.
    pub(crate) own_at_once: bool,
    /// How often each instance calls `set`.
    pub(crate) sets: [u8; 2],
    /// How many loads each instance begins; joining one is free.
    pub(crate) reads: [u8; 2],
    pub(crate) how: &'static [How],
    /// Reads may carry the token of any removal that was acknowledged.
    pub(crate) tokens: bool,
    /// What is taken apart into its smallest steps.
    pub(crate) slow: Slow,
    /// Who follows the log; others are deaf, until everything comes to rest.
    pub(crate) listens: [bool; 2],
    /// Who sends probes. Where no time passes and nothing is lost they change nothing.
    pub(crate) probes: [bool; 2],
    /// Values may live longer than any before.
    pub(crate) long_lives: bool,
    /// The log travels by Pub/Sub.
    pub(crate) pubsub: bool,
    /// How far the clock goes.
    pub(crate) ticks: u8,
    pub(crate) spans: Spans,
    pub(crate) faults: &'static [(Fault, u8)],
    /// What may become of connections at a failover: of A's and B's line, then of their feeds.
    pub(crate) fates: [&'static [Fate]; 4],
    /// Whether instances may meet the replica when they connect.
    pub(crate) misrouted: bool,
    pub(crate) max_pending: usize,
    pub(crate) max_bans: usize,
    /// What has to happen somewhere in it, so that nothing holds for want of a case.
    pub(crate) must_see: &'static [Mark],
    /// A share that a developer may wait for.
    pub(crate) quick: bool,
}

/// What a scope leaves open.
pub(crate) const BASE: Scope = Scope {
    name: "",
    about: "",
    keys: 1,
    start: Start::Connected,
    targets: &[Target::Key(0)],
    removals: [1, 0],
    own_at_once: true,
    sets: [0, 0],
    reads: [1, 1],
    how: &[How::Load],
    tokens: false,
    slow: Slow {
        hits: false,
        loads: false,
        feeds: false,
        lines: false,
    },
    listens: [true, true],
    probes: [true, true],
    long_lives: false,
    pubsub: false,
    ticks: 0,
    spans: Spans {
        max_staleness: 2,
        lease: 8,
        ttl: 16,
        long_ttl: 32,
        step_back: 1,
    },
    faults: &[],
    fates: [&[Fate::Cut]; 4],
    misrouted: false,
    max_pending: 8,
    max_bans: 8,
    must_see: &[],
    quick: false,
};

impl Scope {
    pub(crate) fn limits(&self) -> Limits {
        Limits {
            max_staleness: self.max_staleness(),
            // A load may take as long as it likes: that a flight ends some day only saves work.
            load_timeout: TICK * 1000,
            lease_ttl: TICK * self.spans.lease,
            max_bans: self.max_bans,
        }
    }

    pub(crate) fn max_staleness(&self) -> Duration {
        TICK * self.spans.max_staleness
    }

    pub(crate) fn ttl(&self, long: bool) -> Duration {
        TICK * if long {
            self.spans.long_ttl
        } else {
            self.spans.ttl
        }
    }

    /// How often this may happen.
    pub(crate) fn allowance(&self, fault: Fault) -> u8 {
        let allowed = self.faults.iter().filter(|(other, _)| *other == fault);
        allowed.map(|(_, times)| times).sum()
    }

    /// Whether both instances may do the same.
    pub(crate) fn is_symmetric(&self) -> bool {
        let pairs = [self.removals, self.sets, self.reads];
        pairs.iter().all(|[one, other]| one == other)
            && self.probes[0] == self.probes[1]
            && self.listens[0] == self.listens[1]
            && self.fates[0] == self.fates[1]
            && self.fates[2] == self.fates[3]
    }
}

impl Target {
    pub(crate) fn change(self) -> unstale_core::Change {
        use unstale_core::Change;
        match self {
            Target::Key(key) => Change::Key(KEYS[key].into()),
            Target::Pattern => Change::Ban(Ban::of_pattern("a:*")),
            Target::Tag => Change::Ban(Ban::Tag(TAG.into())),
            Target::Elsewhere => Change::Ban(Ban::of_pattern("b:*")),
        }
    }

    pub(crate) fn covers(self, key: usize) -> bool {
        match self {
            Target::Key(one) => one == key,
            Target::Pattern => true,
            Target::Tag => key == 0,
            Target::Elsewhere => false,
        }
    }
}
