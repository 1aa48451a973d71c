//! What is run: a preset, how hard, for how long, against which database.

use std::time::Duration;

use crate::delay::Delay;
use crate::preset::Preset;

/// How hard the caches are worked.
#[derive(Copy, Clone, Debug, PartialEq)]
pub enum Offer {
    /// So many workers for each instance, each doing one operation after the other: as much as the
    /// caches can take.
    Workers(usize),
    /// So many operations per second, shared by all instances: users do not wait for one another.
    Rate(f64),
}

/// What is run.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Plan {
    /// What is read and written.
    pub preset: Preset,
    /// How hard. 16 workers for each instance.
    pub offer: Offer,
    /// For how long. 10 seconds.
    pub span: Duration,
    /// For how long before that: operations are done, and only stale reads counted. Not at all.
    pub warm_up: Duration,
    /// How long the database takes to read a row. 15 ms, one in a hundred more than 50 ms: what
    /// the specification reckons with.
    pub database_read: Delay,
    /// How long the database takes to write. 8 ms, one in a hundred more than 15 ms.
    pub database_write: Delay,
    /// How long another instance may answer with a value whose removal was acknowledged. 2 s.
    pub max_staleness: Duration,
    /// Whether to wait in the end, and look for values that stay stale. Yes.
    pub settles: bool,
    /// Whether to count the queries that a cache would need that knew every write at once.
    pub with_oracle: bool,
    /// How many operations are drawn beforehand; then they start over. About a million.
    pub trace_length: usize,
    /// What everything random begins with.
    pub seed: u64,
}

impl Plan {
    /// A plan for this preset; the rest is to be changed as wanted.
    pub fn new(preset: Preset) -> Self {
        let millis = Duration::from_millis;
        // Both medians are positive and below their percentiles, so neither falls back.
        let delay = |median, p99| Delay::between(median, p99).unwrap_or(Delay::fixed(median));
        Self {
            preset,
            offer: Offer::Workers(16),
            span: Duration::from_secs(10),
            warm_up: Duration::ZERO,
            database_read: delay(millis(15), millis(50)),
            database_write: delay(millis(8), millis(15)),
            max_staleness: Duration::from_secs(2),
            settles: true,
            with_oracle: false,
            trace_length: 1 << 20,
            seed: 1,
        }
    }
}
