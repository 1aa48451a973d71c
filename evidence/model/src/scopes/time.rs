//! Time passes: proofs run out, and clocks step back.

use crate::scope::{BASE, Fault, Scope, Slow, Spans, Start, Target};
use crate::tale::Mark;

/// Where a proof holds for one tick.
const SHORT: Spans = Spans {
    max_staleness: 1,
    ..BASE.spans
};

pub(super) const SCOPES: &[Scope] = &[
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
        name: "lost-proof",
        about: "an instance loses its proof while its load is under way, and others want to join",
        removals: [1, 0],
        reads: [0, 1],
        ticks: 1,
        spans: SHORT,
        must_see: &[Mark::Unproven, Mark::Join],
        quick: true,
        ..BASE
    },
    Scope {
        name: "slow-feeds",
        about: "what the probe and the log answer is on its way while time passes",
        start: Start::Cached,
        removals: [1, 0],
        reads: [0, 1],
        slow: Slow {
            feeds: true,
            ..BASE.slow
        },
        ticks: 2,
        spans: SHORT,
        must_see: &[Mark::Unproven, Mark::Proven],
        ..BASE
    },
    Scope {
        name: "clock",
        about: "the server's clock steps back, unseen at times, while bans and records grow old",
        targets: &[Target::Pattern],
        removals: [1, 0],
        reads: [0, 1],
        listens: [true, false],
        probes: [true, false],
        ticks: 3,
        spans: Spans {
            max_staleness: 1,
            lease: 1,
            ttl: 1,
            long_ttl: 1,
            step_back: 3,
        },
        faults: &[(Fault::ClockBack, 1), (Fault::Tidy, 1)],
        must_see: &[Mark::BansForgotten, Mark::NewEpoch],
        ..BASE
    },
];
