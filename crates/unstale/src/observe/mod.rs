//! What happened: counted, as effectiveness per key pattern and invalidations, and told as it happens.

mod catalogue;
mod effectiveness;
mod events;
mod health;
mod heartbeat;
mod hits;
mod invalidation;
mod latency;
mod series;
pub(crate) mod spans;

pub use effectiveness::{Effectiveness, PatternStats};
pub use events::{Event, Events, Removal, Removed};
pub use health::Health;
pub(crate) use health::{View, Vitals};
pub use heartbeat::{Heartbeat, PatternPulse};
pub use invalidation::InvalidationStats;

pub(crate) use catalogue::Catalogue;
pub(crate) use hits::SeriesId;
pub(crate) use invalidation::Invalidations;
pub(crate) use series::Series;
