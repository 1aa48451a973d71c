//! The scopes: together they cover every process and every fault, and combine faults with races.

use crate::scope::{BASE, Fate, Fault, How, Scope, Spans, Start, Target};
use crate::tale::Mark;

/// All of them, the small ones first.
pub(crate) const SCOPES: &[Scope] = &[
    Scope {
        name: "fill-and-removal",
        about: "loads race with a removal: leases, tickets, flights",
        removals: [1, 0],
        reads: [2, 1],
        must_see: &[
            Mark::L1Hit,
            Mark::L2Hit,
            Mark::Join,
            Mark::Load,
            Mark::LeaseOfAnother,
            Mark::FillStored,
            Mark::FillRefused,
            Mark::TicketRevoked,
            Mark::SourceOnly,
            Mark::Rested,
        ],
        quick: true,
        probes: false,
        ..BASE
    },
    Scope {
        name: "two-writers",
        about: "both instances remove the same key, and share what they load",
        start: Start::Cached,
        removals: [1, 1],
        reads: [1, 1],
        must_see: &[Mark::FillRefused, Mark::TicketRevoked],
        probes: false,
        quick: true,
        ..BASE
    },
    Scope {
        name: "bans",
        about: "bans by pattern and tag race with loads of two keys, one of them tagged",
        keys: 2,
        start: Start::Shared,
        targets: &[Target::Pattern, Target::Tag],
        removals: [1, 0],
        reads: [0, 1],
        must_see: &[Mark::BannedRecord, Mark::TakenOver, Mark::Join],
        probes: false,
        quick: true,
        ..BASE
    },
    Scope {
        name: "bans-out-of-order",
        about: "two bans arrive in another order than they were executed in, while hits go on",
        start: Start::Cached,
        targets: &[Target::Pattern, Target::Tag],
        removals: [1, 1],
        reads: [0, 1],
        probes: false,
        quick: true,
        ..BASE
    },
    Scope {
        name: "bans-folded",
        about: "more bans than are remembered, folded on servers and instances",
        keys: 2,
        start: Start::Cached,
        targets: &[Target::Pattern, Target::Tag],
        removals: [2, 0],
        reads: [0, 1],
        max_bans: 1,
        probes: false,
        quick: true,
        ..BASE
    },
    Scope {
        name: "tokens",
        about: "reads carry the tokens of removals, on any instance",
        start: Start::Cached,
        removals: [1, 0],
        reads: [0, 1],
        tokens: true,
        must_see: &[Mark::TokenHonoured],
        probes: false,
        quick: true,
        ..BASE
    },
    Scope {
        name: "staleness",
        about: "time passes while an instance is deaf, proves itself late, or not at all",
        start: Start::Cached,
        removals: [1, 0],
        reads: [0, 1],
        ticks: 3,
        must_see: &[Mark::Unproven, Mark::Proven, Mark::GuardedHit],
        quick: true,
        ..BASE
    },
    Scope {
        name: "lost-acknowledgement",
        about: "requests and answers of removals, claims and fills are lost",
        removals: [1, 0],
        reads: [1, 1],
        faults: &[(Fault::LoseRequest, 1), (Fault::LoseAnswer, 1)],
        must_see: &[Mark::Retried],
        probes: false,
        ..BASE
    },
    Scope {
        name: "late-requests",
        about: "requests are executed after their senders have given them up",
        removals: [1, 0],
        reads: [1, 1],
        faults: &[(Fault::LateRequest, 1)],
        must_see: &[Mark::LateExecution],
        probes: false,
        ..BASE
    },
    Scope {
        name: "flush",
        about: "the server is flushed, and the connections stay",
        start: Start::Cached,
        removals: [1, 0],
        reads: [0, 1],
        faults: &[(Fault::Flush, 1)],
        ticks: 1,
        spans: Spans {
            max_staleness: 1,
            ..BASE.spans
        },
        must_see: &[Mark::NewEpoch, Mark::NotFenced],
        ..BASE
    },
    Scope {
        name: "evictions",
        about: "records, meta and the log are evicted",
        start: Start::Cached,
        targets: &[Target::Key(0), Target::Pattern],
        removals: [1, 0],
        reads: [0, 1],
        faults: &[(Fault::Evict, 1), (Fault::LoseMeta, 1), (Fault::LoseLog, 1)],
        must_see: &[Mark::NewEpoch],
        ..BASE
    },
    Scope {
        name: "trim",
        about: "the log is trimmed past whoever has not read it",
        start: Start::Cached,
        targets: &[Target::Key(0), Target::Pattern],
        removals: [1, 0],
        reads: [0, 1],
        faults: &[(Fault::Trim, 1)],
        ticks: 1,
        spans: Spans {
            max_staleness: 1,
            ..BASE.spans
        },
        must_see: &[Mark::TailLost, Mark::Resynchronised],
        quick: true,
        ..BASE
    },
    Scope {
        name: "outage",
        about: "the connection for commands is cut, and comes back while removals wait",
        start: Start::Cached,
        removals: [2, 0],
        reads: [1, 0],
        faults: &[(Fault::CutLine, 1)],
        ..BASE
    },
    Scope {
        name: "overflow",
        about: "more removals wait than are remembered one by one",
        keys: 2,
        start: Start::Cached,
        targets: &[Target::Key(0), Target::Key(1)],
        removals: [2, 0],
        reads: [1, 0],
        max_pending: 1,
        faults: &[(Fault::CutLine, 1)],
        must_see: &[Mark::Collapsed],
        ..BASE
    },
    Scope {
        name: "failover",
        about: "a replica takes over that has not got everything; connections break",
        start: Start::Shared,
        removals: [1, 0],
        reads: [0, 1],
        faults: &[(Fault::Failover, 1), (Fault::Replicate, 1)],
        must_see: &[Mark::LostForGood, Mark::NewEpoch],
        ..BASE
    },
    Scope {
        name: "failover-survived",
        about: "the same, and each connection breaks or goes on with the new primary unawares",
        start: Start::Shared,
        removals: [1, 0],
        reads: [0, 1],
        faults: &[(Fault::Failover, 1)],
        fates: &[Fate::Cut, Fate::Follow],
        ticks: 1,
        spans: Spans {
            max_staleness: 1,
            ..BASE.spans
        },
        must_see: &[Mark::LostForGood, Mark::NewEpoch],
        ..BASE
    },
    Scope {
        name: "demotion",
        about: "connections stay with an old primary that has become a replica, and lags behind",
        start: Start::Shared,
        removals: [0, 1],
        reads: [1, 0],
        how: &[How::Get],
        faults: &[(Fault::Failover, 1), (Fault::Replicate, 1)],
        fates: &[Fate::Cut, Fate::Stay],
        must_see: &[Mark::ReplicaRefused],
        ..BASE
    },
    Scope {
        name: "clock",
        about: "the server's clock steps back while bans and records grow old",
        targets: &[Target::Pattern],
        removals: [1, 0],
        reads: [0, 1],
        ticks: 6,
        spans: Spans {
            max_staleness: 1,
            lease: 1,
            ttl: 1,
            long_ttl: 3,
            step_back: 3,
        },
        faults: &[(Fault::ClockBack, 1), (Fault::Tidy, 1)],
        must_see: &[Mark::BansForgotten],
        ..BASE
    },
    Scope {
        name: "long-lives",
        about: "values live longer than any before, while bans are forgotten",
        targets: &[Target::Pattern],
        removals: [1, 0],
        reads: [0, 1],
        ticks: 6,
        long_lives: true,
        spans: Spans {
            max_staleness: 1,
            lease: 1,
            ttl: 1,
            long_ttl: 4,
            step_back: 1,
        },
        faults: &[(Fault::Tidy, 1)],
        must_see: &[Mark::BansForgotten, Mark::TtlRaised],
        ..BASE
    },
    Scope {
        name: "set",
        about: "both instances set the same key",
        removals: [0, 0],
        sets: [2, 1],
        reads: [1, 0],
        probes: false,
        ..BASE
    },
    Scope {
        name: "pubsub",
        about: "the log travels by Pub/Sub, and messages are lost",
        start: Start::Cached,
        removals: [1, 0],
        reads: [0, 1],
        pubsub: true,
        faults: &[(Fault::LosePush, 1), (Fault::CutFeed, 1)],
        ticks: 1,
        spans: Spans {
            max_staleness: 1,
            ..BASE.spans
        },
        must_see: &[Mark::TailLost],
        quick: true,
        ..BASE
    },
    Scope {
        name: "cold-start",
        about: "two instances meet a server that has never been used",
        start: Start::Cold,
        removals: [1, 0],
        reads: [1, 0],
        quick: true,
        ..BASE
    },
];
