//! Servers lose what they had, restart, and are replaced.

use crate::scope::{BASE, Fate, Fault, How, Scope, Slow, Spans, Start, Target};
use crate::tale::Mark;

/// Where a proof holds for one tick.
const SHORT: Spans = Spans {
    max_staleness: 1,
    ..BASE.spans
};

pub(super) const SCOPES: &[Scope] = &[
    Scope {
        name: "flush",
        about: "the server is flushed, and the connections stay",
        start: Start::Cached,
        removals: [1, 0],
        reads: [0, 1],
        faults: &[(Fault::Flush, 1)],
        ticks: 1,
        spans: SHORT,
        must_see: &[Mark::NewEpoch, Mark::NotFenced],
        ..BASE
    },
    Scope {
        name: "tokens-and-epochs",
        about: "reads carry tokens of an epoch that their instance has not heard of",
        start: Start::Shared,
        removals: [1, 0],
        reads: [0, 1],
        tokens: true,
        faults: &[(Fault::Flush, 1)],
        listens: [false, true],
        must_see: &[Mark::TokenHonoured, Mark::NewEpoch, Mark::SourceOnly],
        ..BASE
    },
    Scope {
        name: "slow-lines",
        about: "what the fence answers is on its way while the server is flushed",
        start: Start::Cached,
        removals: [1, 0],
        reads: [0, 0],
        slow: Slow {
            lines: true,
            feeds: true,
            ..BASE.slow
        },
        faults: &[(Fault::Flush, 1), (Fault::CutLine, 1)],
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
        name: "restart",
        about: "the server is restarted with its data",
        start: Start::Cached,
        removals: [1, 0],
        reads: [0, 1],
        faults: &[(Fault::Restart, 1)],
        must_see: &[Mark::NewEpoch, Mark::Retried],
        ..BASE
    },
    Scope {
        name: "restart-empty",
        about: "the server is restarted without its data",
        start: Start::Cached,
        removals: [1, 0],
        reads: [0, 1],
        faults: &[(Fault::RestartEmpty, 1)],
        must_see: &[Mark::NewEpoch, Mark::Retried],
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
        about: "the same; the writer's commands go on unawares, the reader's connections may",
        start: Start::Shared,
        removals: [1, 0],
        reads: [0, 1],
        faults: &[(Fault::Failover, 1)],
        fates: [
            &[Fate::Follow],
            &[Fate::Cut, Fate::Follow],
            &[Fate::Cut],
            &[Fate::Cut, Fate::Follow],
        ],
        ticks: 1,
        spans: SHORT,
        must_see: &[Mark::LostForGood, Mark::NewEpoch],
        ..BASE
    },
    Scope {
        name: "failover-behind-a-proxy",
        about: "the same, and nobody's connection breaks",
        start: Start::Shared,
        removals: [1, 0],
        reads: [0, 1],
        faults: &[(Fault::Failover, 1)],
        fates: [&[Fate::Follow]; 4],
        ticks: 1,
        spans: SHORT,
        must_see: &[Mark::LostForGood, Mark::NewEpoch, Mark::Unproven],
        ..BASE
    },
    Scope {
        name: "positions-given-again",
        about: "a replica that lags behind takes over unnoticed, and gives a position once more",
        start: Start::Cached,
        targets: &[Target::Key(0), Target::Elsewhere],
        removals: [2, 0],
        reads: [0, 0],
        faults: &[(Fault::Failover, 1)],
        fates: [&[Fate::Follow]; 4],
        must_see: &[Mark::LostForGood, Mark::NewEpoch, Mark::NotFenced],
        quick: true,
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
        fates: [&[Fate::Cut, Fate::Stay]; 4],
        must_see: &[Mark::ReplicaRefused],
        ..BASE
    },
    Scope {
        name: "demotion-refilled",
        about: "one stays there for commands, while L2 is filled anew and the replica gets that",
        removals: [0, 1],
        reads: [0, 1],
        listens: [true, false],
        probes: [true, false],
        faults: &[(Fault::Failover, 1), (Fault::Replicate, 1)],
        fates: [&[Fate::Stay], &[Fate::Cut], &[Fate::Cut], &[Fate::Cut]],
        ticks: 1,
        spans: SHORT,
        must_see: &[Mark::ReplicaRefused, Mark::NewEpoch, Mark::FillStored],
        ..BASE
    },
    Scope {
        name: "misrouted",
        about: "whoever connects for commands may meet a replica that lags behind",
        start: Start::Cached,
        removals: [1, 0],
        reads: [1, 0],
        misrouted: true,
        faults: &[(Fault::CutLine, 1), (Fault::Replicate, 1)],
        probes: [false, false],
        must_see: &[Mark::ReplicaRefused],
        quick: true,
        ..BASE
    },
    Scope {
        name: "misrouted-reader",
        about: "whoever connects to the log may meet a replica that lags behind",
        start: Start::Cached,
        removals: [1, 0],
        reads: [0, 0],
        misrouted: true,
        faults: &[(Fault::CutFeed, 1), (Fault::Replicate, 1)],
        ticks: 1,
        spans: SHORT,
        must_see: &[Mark::ReplicaRefused, Mark::Unproven],
        quick: true,
        ..BASE
    },
    Scope {
        name: "rollback",
        about: "the server goes back in place, and others write before those who know more speak to it",
        removals: [1, 1],
        reads: [0, 0],
        faults: &[(Fault::GoBack, 1)],
        must_see: &[Mark::LostForGood, Mark::NewEpoch, Mark::Disowned],
        ..BASE
    },
    Scope {
        name: "rollback-published",
        about: "the same with Pub/Sub, and connections to the log are cut",
        removals: [1, 0],
        reads: [0, 0],
        pubsub: true,
        faults: &[(Fault::GoBack, 1), (Fault::CutFeed, 2)],
        must_see: &[Mark::LostForGood, Mark::NewEpoch, Mark::Disowned],
        ..BASE
    },
    Scope {
        name: "rollback-unread",
        about: "the same, while whoever knows more cannot read the log, and time passes",
        start: Start::Shared,
        removals: [1, 0],
        reads: [0, 0],
        listens: [false, false],
        ticks: 3,
        faults: &[(Fault::GoBack, 1)],
        must_see: &[Mark::LostForGood, Mark::Unproven],
        ..BASE
    },
    Scope {
        name: "rollback-trimmed",
        about: "the same, and the log is trimmed before they have read what they know",
        removals: [2, 1],
        reads: [0, 0],
        listens: [false, false],
        faults: &[(Fault::GoBack, 1), (Fault::Trim, 1)],
        must_see: &[Mark::LostForGood, Mark::NewEpoch],
        ..BASE
    },
];
