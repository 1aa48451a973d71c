//! The settings of the inspector.

use std::time::Duration;

/// `Inspect`: how many hits are compared with the source, to find writes that do not invalidate.
///
/// It inspects the spaces that say how they load: see
/// [`Space::inspect_with`](crate::Space::inspect_with).
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct InspectConfig {
    /// `SampleRate`: which share of the hits is compared, from 0 (none) to 1 (all). 0.
    pub sample_rate: f64,
    /// `MaxLoadsPerSecond`: how often the source is asked for it at most, whatever the share; 1 to
    /// 10,000. 10.
    pub max_loads_per_second: u32,
    /// `Grace`: how long after the source has changed the removal may take to be called. What is
    /// removed within this time was not forgotten. 5 seconds.
    pub grace: Duration,
}

impl Default for InspectConfig {
    fn default() -> Self {
        Self {
            sample_rate: 0.0,
            max_loads_per_second: 10,
            grace: Duration::from_secs(5),
        }
    }
}
