//! Whether instances of the namespace have another number of partitions.

use unstale::operate::{GenerationReport, InstanceReport};

use super::finding::Finding;
use crate::wording::{count, harmless};

/// `instances` have this number of partitions, and each of the `generations` another.
pub(super) fn judge(
    partitions: u32,
    instances: &[InstanceReport],
    generations: &[GenerationReport],
) -> Vec<Finding> {
    let lives = |each: &&InstanceReport| !each.is_silent();
    let mut findings = Vec::new();
    for generation in generations {
        let living: Vec<_> = generation.instances.iter().filter(lives).collect();
        let Some(first) = living.first() else {
            continue;
        };
        let theirs = generation.partitions;
        let mut who = harmless(&first.said.name);
        if living.len() > 1 {
            let others = count(living.len() as u64 - 1, "other", "others");
            who = format!("{who} and {others}");
        }
        let divided = count(theirs.into(), "partition", "partitions");
        if instances.iter().any(|each| lives(&each)) {
            findings.push(Finding::problem(
                "partitions",
                format!("{who} divide the keys into {divided}, others into {partitions}"),
                "Set Redis:Partitions alike on all instances: neither kind hears of what the other \
                 removes. When the last one of the one kind has stopped, `unstale clear` on the \
                 other ends what was missed.",
            ));
        } else {
            findings.push(Finding::warning(
                "partitions",
                format!("{who} divide the keys into {divided}, and nobody into {partitions}"),
                format!("Give --partitions {theirs}, as the service's Redis:Partitions says."),
            ));
        }
    }
    findings
}
