//! The settings of L1.

use std::time::Duration;

/// `MemoryCache`: L1, the entries kept in this process.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct MemoryConfig {
    /// `Enabled`: whether there is an L1. Yes.
    pub enabled: bool,
    /// `SizeLimit`: what the sizes of all entries may add up to; an entry's size is 1 unless its
    /// policy or options say otherwise. 10,000.
    pub size_limit: u64,
    /// `CompactionPercentage`: which part of the entries makes room when the limit is reached,
    /// above 0 and at most 1. 0.05.
    pub compaction_percentage: f64,
    /// `ExpirationScanFrequency`: how often expired entries are looked for and dropped. An expired
    /// entry is never returned, however rare the scans. 1 minute.
    pub expiration_scan_frequency: Duration,
}

impl Default for MemoryConfig {
    fn default() -> Self {
        Self {
            enabled: true,
            size_limit: 10_000,
            compaction_percentage: 0.05,
            expiration_scan_frequency: Duration::from_secs(60),
        }
    }
}
