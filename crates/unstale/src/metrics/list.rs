//! Every metric, with what it means.

/// What kind of metric it is.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Kind {
    /// It only grows while the instance runs.
    Counter,
    /// It goes up and down.
    Gauge,
    /// The series `_bucket`, `_count` and `_sum` under this name.
    Histogram,
}

/// One metric.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Metric {
    /// Its name.
    pub name: &'static str,
    /// What kind it is.
    pub kind: Kind,
    /// Its labels, beside `namespace` and `instance`, and the `le` of a histogram.
    pub labels: &'static [&'static str],
    /// What it means, in one line.
    pub help: &'static str,
}

impl Metric {
    /// The names of its series.
    pub fn series(&self) -> Vec<String> {
        match self.kind {
            Kind::Counter | Kind::Gauge => vec![self.name.to_owned()],
            Kind::Histogram => ["bucket", "count", "sum"]
                .iter()
                .map(|part| format!("{}_{part}", self.name))
                .collect(),
        }
    }
}

macro_rules! metrics {
    ($($name:ident: $kind:ident $text:literal [$($label:literal),*] $help:literal;)+) => {
        $(pub(super) const $name: Metric = Metric {
            name: $text,
            kind: Kind::$kind,
            labels: &[$($label),*],
            help: $help,
        };)+

        /// Every metric that [`Cache::publish_metrics`](crate::Cache::publish_metrics) publishes.
        pub const ALL: &[Metric] = &[$($name),+];
    };
}

metrics! {
    HITS: Counter "unstale_hits_total" ["pattern", "tier"]
        "Reads answered by this instance's memory (tier l1) or by the shared tier (l2).";
    MISSES: Counter "unstale_misses_total" ["pattern"]
        "Reads that neither tier answered.";
    JOINED: Counter "unstale_joined_total" ["pattern"]
        "The misses among them that shared somebody else's load.";
    LOADS: Counter "unstale_loads_total" ["pattern"]
        "Loads from the source that this instance began.";
    FILLS: Counter "unstale_fills_total" ["pattern"]
        "Loaded values that were stored.";
    REFUSED_FILLS: Counter "unstale_refused_fills_total" ["pattern"]
        "Loaded values that were not stored, because something was invalidated meanwhile.";
    OVERSIZED: Counter "unstale_oversized_total" ["pattern"]
        "Values that were not stored, because they exceed MaxValueSize.";
    UNREADABLE: Counter "unstale_unreadable_total" ["pattern"]
        "Records of no known format or of another type.";
    REMOVALS: Counter "unstale_removals_total" ["pattern"]
        "Keys removed by this instance.";
    READ_DURATION: Histogram "unstale_read_duration_seconds" ["pattern"]
        "How long a read takes, whatever answers it; hits in L1 are sampled.";
    INSPECTED: Counter "unstale_inspected_total" ["pattern"]
        "Copies that the inspector compared with the source.";
    DIFFERENCES: Counter "unstale_differences_total" ["pattern"]
        "Copies that differed from the source although nothing had been removed: a write does not invalidate.";
    SKIPPED_INSPECTIONS: Counter "unstale_skipped_inspections_total" ["pattern"]
        "Copies that were to be compared with the source and were not.";
    INVALIDATIONS: Counter "unstale_invalidations_total" []
        "Keys, patterns and tags that this instance invalidated.";
    INVALIDATION_DURATION: Histogram "unstale_invalidation_duration_seconds" []
        "From the call of a removal until the server's acknowledgement.";
    SENT_BATCHES: Counter "unstale_sent_batches_total" []
        "Scripts in which invalidations were sent.";
    PENDING: Gauge "unstale_pending_removals" []
        "Removals that are not acknowledged yet.";
    COLLAPSED: Counter "unstale_collapsed_total" []
        "Times too many removals were pending, and became one ban on everything.";
    RECEIVED: Counter "unstale_received_total" []
        "Keys, patterns and tags that other instances invalidated, and this one applied.";
    PROPAGATION: Histogram "unstale_propagation_seconds" []
        "From another instance's sending of an invalidation to its effect here, by both wall clocks.";
    GAPS: Counter "unstale_gaps_total" []
        "Losses in the log that were detected: trimmed or lost messages, or a new epoch.";
    RESYNCS: Counter "unstale_resyncs_total" []
        "Times L1 was dropped as a whole and the log taken up at its tail.";
    LAG: Gauge "unstale_lag_entries" []
        "Entries of the log that are known to be executed and are not applied here yet.";
    HEALTHY: Gauge "unstale_healthy" []
        "1 unless the instance has not proven itself for AckTimeout.";
    PROVEN: Gauge "unstale_proven" []
        "1 while L1 is in use: every invalidation is known to be applied.";
    PROOF_AGE: Gauge "unstale_proof_age_seconds" []
        "How old the newest proof is; how long there has been none, where there is none; 0 without a log.";
    BREAKER: Gauge "unstale_breaker_state" ["state"]
        "1 for the state that the breaker of L2 is in, 0 for the others.";
    L1_ENTRIES: Gauge "unstale_l1_entries" []
        "Copies in L1.";
    L1_SIZE: Gauge "unstale_l1_size" []
        "The total size of the copies in L1, in the unit of SizeLimit.";
    BANS: Gauge "unstale_bans" []
        "Bans that this instance remembers.";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_prometheus() {
        let mut names: Vec<_> = ALL.iter().map(|metric| metric.name).collect();
        for metric in ALL {
            let Metric { name, kind, .. } = *metric;
            assert!(name.starts_with("unstale_"), "{name}");
            let plain =
                |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
            assert!(name.bytes().all(plain), "{name}");
            assert_eq!(name.ends_with("_total"), kind == Kind::Counter, "{name}");
            if kind == Kind::Histogram {
                assert!(name.ends_with("_seconds"), "{name}");
            }
            for reserved in ["_bucket", "_count", "_sum"] {
                assert!(!name.ends_with(reserved), "{name}");
            }
            for unit in ["milli", "micro", "nanos", "_ms", "_us"] {
                assert!(!name.contains(unit), "{name}");
            }
            assert!(metric.help.ends_with('.') && !metric.help.contains('\n'));
        }
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), ALL.len(), "each name is there once");
    }
}
