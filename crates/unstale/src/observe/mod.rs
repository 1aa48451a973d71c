//! What happened, counted: effectiveness per key pattern, and invalidations.

mod effectiveness;
mod health;
mod invalidation;
mod latency;
mod series;
mod striped;

pub use effectiveness::{Effectiveness, PatternStats};
pub use health::Health;
pub use invalidation::InvalidationStats;

pub(crate) use invalidation::Invalidations;
pub(crate) use series::{Catalogue, Series};
