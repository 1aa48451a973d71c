//! What was promised.

use std::fmt;
use std::time::Duration;

/// The horizon, in `MaxStaleness`es, unless told otherwise.
const HORIZON: u32 = 10;

/// What the readers were promised.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct Contract {
    max_staleness: Duration,
    horizon: Duration,
}

impl Contract {
    /// The contract of a cache with this `MaxStaleness`. Staleness is measured exactly up to ten
    /// times as much.
    pub const fn new(max_staleness: Duration) -> Self {
        Self {
            max_staleness,
            horizon: max_staleness.saturating_mul(HORIZON),
        }
    }

    /// The same, with staleness measured exactly up to this. Beyond it, it is known to be longer.
    /// What is older is forgotten; no verdict depends on it.
    #[must_use]
    pub const fn with_horizon(self, horizon: Duration) -> Self {
        Self { horizon, ..self }
    }

    /// The longest time for which an acknowledged removal may be missed.
    pub const fn max_staleness(&self) -> Duration {
        self.max_staleness
    }

    /// Up to where staleness is measured exactly.
    pub fn horizon(&self) -> Duration {
        self.horizon.max(self.max_staleness)
    }
}

/// A rule that a read can break; the crate's front page has them in full.
///
/// In the order of what they demand, the least first: a read that breaks several is reported under
/// the first of them, which is the one that it can be excused for the least.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rule {
    /// F3: nothing is missed for longer than `MaxStaleness`.
    BoundedStaleness,
    /// F1: what L2 or a loader answers has not missed anything.
    NoStaleFill,
    /// F2: an instance has not missed its own removals.
    OwnWrites,
    /// F6: a token has its write seen.
    Tokens,
}

impl Rule {
    /// All of them.
    pub const ALL: [Self; 4] = [
        Self::BoundedStaleness,
        Self::NoStaleFill,
        Self::OwnWrites,
        Self::Tokens,
    ];
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::BoundedStaleness => "F3 bounded staleness",
            Self::NoStaleFill => "F1 no stale fill",
            Self::OwnWrites => "F2 read your own writes",
            Self::Tokens => "F6 read your writes anywhere",
        })
    }
}
