//! Requests, answers and connections are lost.

use crate::scope::{BASE, Fault, Scope, Slow, Spans, Start, Target};
use crate::tale::Mark;

pub(super) const SCOPES: &[Scope] = &[
    Scope {
        name: "lost-acknowledgement",
        about: "requests and answers of removals, claims and fills are lost",
        removals: [1, 0],
        reads: [1, 1],
        faults: &[(Fault::LoseRequest, 1), (Fault::LoseAnswer, 1)],
        must_see: &[Mark::Retried],
        probes: [false, false],
        ..BASE
    },
    Scope {
        name: "answered-in-log",
        about: "an instance reads its own removals in the log, before their answers or after those were lost",
        removals: [2, 0],
        reads: [1, 1],
        faults: &[(Fault::LoseAnswer, 1)],
        must_see: &[Mark::AnsweredInLog, Mark::Retried],
        probes: [false, false],
        ..BASE
    },
    Scope {
        name: "late-requests",
        about: "requests are executed after their senders have given them up",
        removals: [1, 0],
        reads: [1, 1],
        faults: &[(Fault::LateRequest, 1)],
        must_see: &[Mark::LateExecution],
        probes: [false, false],
        ..BASE
    },
    Scope {
        name: "lost-set",
        about: "requests and answers of `set` are lost while another instance loads",
        start: Start::Shared,
        removals: [0, 0],
        sets: [1, 0],
        reads: [0, 1],
        faults: &[(Fault::LoseRequest, 1), (Fault::LoseAnswer, 1)],
        must_see: &[Mark::FillRefused],
        probes: [false, false],
        quick: true,
        ..BASE
    },
    Scope {
        name: "cancelled",
        about: "readers give up, at any point of a load that others may have joined",
        removals: [1, 0],
        reads: [2, 1],
        faults: &[(Fault::Cancel, 1)],
        must_see: &[Mark::Join, Mark::FillRefused],
        probes: [false, false],
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
        name: "outage-and-bans",
        about: "the same, while another instance bans",
        start: Start::Cached,
        targets: &[Target::Pattern],
        removals: [1, 1],
        reads: [1, 0],
        faults: &[(Fault::CutLine, 1)],
        must_see: &[Mark::Retried],
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
        name: "resynchronisation",
        about: "an instance starts over from what the server said before its own ban",
        start: Start::Shared,
        targets: &[Target::Pattern, Target::Elsewhere],
        removals: [1, 1],
        reads: [0, 0],
        slow: Slow {
            feeds: true,
            ..BASE.slow
        },
        listens: [false, true],
        probes: [false, true],
        faults: &[(Fault::Trim, 1)],
        must_see: &[Mark::Resynchronised, Mark::TailLost],
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
];
