//! Reads and writes that race, while nothing befalls anybody.

use crate::scope::{BASE, How, Scope, Slow, Spans, Start, Target};
use crate::tale::Mark;

pub(super) const SCOPES: &[Scope] = &[
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
            Mark::HandedOver,
            Mark::FillStored,
            Mark::FillRefused,
            Mark::TicketRevoked,
            Mark::SourceOnly,
            Mark::Rested,
        ],
        quick: true,
        probes: [false, false],
        ..BASE
    },
    Scope {
        name: "two-writers",
        about: "both instances remove the same key, and share what they load",
        start: Start::Cached,
        removals: [1, 1],
        reads: [1, 1],
        must_see: &[Mark::FillRefused, Mark::TicketRevoked],
        probes: [false, false],
        quick: true,
        ..BASE
    },
    Scope {
        name: "grouped",
        about: "an instance removes again while its first removal is under way; another fills",
        removals: [2, 0],
        reads: [0, 1],
        must_see: &[Mark::Grouped, Mark::FillStored, Mark::FillRefused],
        probes: [false, false],
        quick: true,
        ..BASE
    },
    Scope {
        name: "tokens",
        about: "reads carry the tokens of removals by key and by pattern, on any instance",
        start: Start::Shared,
        targets: &[Target::Key(0), Target::Pattern],
        removals: [1, 0],
        reads: [1, 2],
        tokens: true,
        must_see: &[
            Mark::TokenHonoured,
            Mark::GuardedHit,
            Mark::GuardedMiss,
            Mark::Join,
        ],
        probes: [false, false],
        ..BASE
    },
    Scope {
        name: "lookups",
        about: "values are read without loading, and filled in by hand, while a removal goes on",
        start: Start::Shared,
        removals: [1, 0],
        reads: [1, 2],
        how: &[How::Get, How::Lookup],
        must_see: &[
            Mark::L2Hit,
            Mark::Load,
            Mark::FillRefused,
            Mark::TicketRevoked,
        ],
        probes: [false, false],
        quick: true,
        ..BASE
    },
    Scope {
        name: "slow-hits",
        about: "hits go step by step, while copies are dropped and proofs come and go",
        start: Start::Cached,
        removals: [1, 0],
        reads: [0, 2],
        slow: Slow {
            hits: true,
            ..BASE.slow
        },
        ticks: 1,
        spans: Spans {
            max_staleness: 1,
            ..BASE.spans
        },
        must_see: &[
            Mark::L1Hit,
            Mark::LandedMeanwhile,
            Mark::Proven,
            Mark::Unproven,
        ],
        ..BASE
    },
    Scope {
        name: "slow-loads",
        about: "a load learns how it may use L2, and asks it later",
        removals: [1, 0],
        reads: [0, 2],
        slow: Slow {
            loads: true,
            ..BASE.slow
        },
        ticks: 1,
        spans: Spans {
            max_staleness: 1,
            ..BASE.spans
        },
        must_see: &[Mark::L2Hit, Mark::GuardedMiss, Mark::FillRefused],
        ..BASE
    },
    Scope {
        name: "acknowledged-removals",
        about: "what is owed by removals that are acknowledged, whatever holds before that",
        targets: &[Target::Key(0), Target::Pattern],
        removals: [1, 0],
        own_at_once: false,
        reads: [1, 1],
        must_see: &[Mark::FillRefused, Mark::TicketRevoked],
        probes: [false, false],
        quick: true,
        ..BASE
    },
    Scope {
        name: "set",
        about: "both instances set the same key",
        removals: [0, 0],
        sets: [2, 1],
        reads: [1, 0],
        probes: [false, false],
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
