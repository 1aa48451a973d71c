//! Effectiveness per key pattern, as it is reported.

use std::fmt;
use std::time::Duration;

use serde::Serialize;

/// How effective the cache has been since it started, per key pattern.
///
/// Its `Display` is the block a log line or a terminal wants:
///
/// ```text
/// Cache Effectiveness Metrics:
///   inventory:stock:* - Hit Rate: 55.2% (220/400 requests), Avg Latency: 2.1ms
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Effectiveness {
    /// False when `EnableEffectivenessMetrics` is off: then there are no patterns.
    pub enabled: bool,
    /// By pattern, in alphabetical order.
    pub patterns: Vec<PatternStats>,
}

/// The figures of one key pattern since the start.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct PatternStats {
    /// The policy's label or pattern, that of the space, or the key with its ids folded into `*`; after
    /// 100 of the latter two [`OTHER_LABEL`](crate::policy::OTHER_LABEL).
    pub pattern: String,
    /// Reads answered by this instance's own memory.
    pub l1_hits: u64,
    /// Reads answered by the shared tier.
    pub l2_hits: u64,
    /// Reads that neither answered.
    pub misses: u64,
    /// The misses among them that shared somebody else's load.
    pub joined: u64,
    /// Loads from the source that this instance began.
    pub loads: u64,
    /// Loaded values that were stored.
    pub fills: u64,
    /// Loaded values that were not, because something was invalidated meanwhile.
    pub refused_fills: u64,
    /// Values that were not stored, because they exceed `MaxValueSize`.
    pub oversized: u64,
    /// Records in the shared tier that were of no known format or of another type, and therefore
    /// misses.
    pub unreadable: u64,
    /// Keys removed by this instance.
    pub removals: u64,
    /// Copies that the inspector compared with the source; see
    /// [`Space::inspect_with`](crate::Space::inspect_with).
    pub inspected: u64,
    /// The copies among them that differed although nothing had been removed: a write does not
    /// invalidate.
    pub differences: u64,
    /// Copies that were to be compared and were not: the source had been asked often enough, or
    /// did not answer, or the copy's life ended meanwhile, or it differed while 64 others that
    /// differ waited for their verdict already.
    pub skipped_inspections: u64,
    /// Mean latency of a read, whatever answered it.
    pub average_latency: Duration,
    /// The latency that half of the reads did not exceed.
    pub p50: Duration,
    /// The latency that 95% of the reads did not exceed.
    pub p95: Duration,
    /// The latency that 99% of the reads did not exceed.
    pub p99: Duration,
}

impl PatternStats {
    /// Reads answered without the source.
    pub fn hits(&self) -> u64 {
        self.l1_hits + self.l2_hits
    }

    /// All reads.
    pub fn requests(&self) -> u64 {
        self.hits() + self.misses
    }

    /// Whether anything was counted.
    pub(super) fn is_used(&self) -> bool {
        self.requests() + self.loads + self.removals > 0
    }

    /// Hits among all reads, between 0 and 1; 0 when there was none.
    pub fn hit_rate(&self) -> f64 {
        match self.requests() {
            0 => 0.0,
            requests => self.hits() as f64 / requests as f64,
        }
    }
}

impl fmt::Display for PatternStats {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} - Hit Rate: {:.1}% ({}/{} requests), Avg Latency: {:.1}ms",
            self.pattern,
            self.hit_rate() * 100.0,
            self.hits(),
            self.requests(),
            self.average_latency.as_secs_f64() * 1000.0,
        )
    }
}

impl fmt::Display for Effectiveness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.enabled {
            return f.write_str("Cache Effectiveness Metrics: off");
        }
        f.write_str("Cache Effectiveness Metrics:")?;
        self.patterns
            .iter()
            .try_for_each(|pattern| write!(f, "\n  {pattern}"))
    }
}
