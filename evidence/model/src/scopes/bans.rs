//! Bans by pattern and tag.

use crate::scope::{BASE, Fault, Scope, Spans, Start, Target};
use crate::tale::Mark;

/// Where values and leases grow old soon.
const OLD: Spans = Spans {
    max_staleness: 1,
    lease: 1,
    ttl: 1,
    long_ttl: 4,
    step_back: 1,
};

pub(super) const SCOPES: &[Scope] = &[
    Scope {
        name: "bans",
        about: "bans by pattern and tag race with loads of two keys, one of them tagged",
        keys: 2,
        start: Start::Shared,
        targets: &[Target::Pattern, Target::Tag],
        removals: [1, 0],
        reads: [1, 1],
        must_see: &[Mark::BannedRecord, Mark::TakenOver, Mark::Join, Mark::L2Hit],
        ..BASE
    },
    Scope {
        name: "bans-and-leases",
        about: "a ban comes while others hold the lease of what it covers",
        targets: &[Target::Pattern, Target::Tag],
        removals: [1, 0],
        reads: [1, 2],
        must_see: &[Mark::LeaseOfAnother, Mark::TakenOver, Mark::FillRefused],
        probes: [false, false],
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
        probes: [false, false],
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
        probes: [false, false],
        quick: true,
        ..BASE
    },
    Scope {
        name: "long-lives",
        about: "values live longer than any before, while instances forget bans",
        targets: &[Target::Pattern],
        removals: [1, 0],
        reads: [0, 1],
        listens: [true, false],
        probes: [true, false],
        ticks: 3,
        long_lives: true,
        spans: OLD,
        faults: &[(Fault::Tidy, 1)],
        must_see: &[Mark::BansForgotten, Mark::TtlRaised],
        ..BASE
    },
    Scope {
        name: "long-lives-on-servers",
        about: "values live longer than any before, while servers forget bans",
        targets: &[Target::Pattern, Target::Elsewhere],
        removals: [2, 0],
        reads: [0, 1],
        listens: [false, false],
        probes: [false, false],
        ticks: 3,
        long_lives: true,
        spans: OLD,
        max_bans: 1,
        must_see: &[Mark::TtlRaised, Mark::FillStored],
        ..BASE
    },
    Scope {
        name: "long-leases",
        about: "leases are held for longer than values live, while servers forget bans",
        targets: &[Target::Pattern, Target::Elsewhere],
        removals: [2, 0],
        reads: [0, 1],
        listens: [false, false],
        probes: [false, false],
        ticks: 2,
        spans: Spans { lease: 3, ..OLD },
        max_bans: 1,
        must_see: &[Mark::FillStored],
        ..BASE
    },
];
