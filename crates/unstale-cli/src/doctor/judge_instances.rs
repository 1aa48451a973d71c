//! Whether the instances are well.

use std::collections::BTreeSet;

use unstale::operate::InstanceReport;

use super::finding::Finding;
use crate::instances::complaint;
use crate::wording::{count, harmless};

pub(super) fn judge(instances: &[InstanceReport], log: &str) -> Vec<Finding> {
    if instances.is_empty() {
        return vec![Finding::note(
            "instances",
            "none tells of itself",
            "Start the service. If it runs, its Heartbeat is off, or it uses another namespace.",
        )];
    }
    let mut findings: Vec<_> = instances
        .iter()
        .filter_map(|instance| {
            let complaint = complaint(instance)?;
            let what = format!("{} is {complaint}", harmless(&instance.said.name));
            Some(Finding::warning("instances", what, remedy(instance)))
        })
        .collect();
    for each in instances.iter().filter(|each| each.said.log != log) {
        let (name, theirs) = (harmless(&each.said.name), harmless(&each.said.log));
        findings.push(Finding::problem(
            "instances",
            format!("{name} follows {theirs}, not {}", harmless(log)),
            "Give all instances the same StreamName, PubSubChannel and UseStreamsForInvalidation: \
             they hear of each other's removals only by the proof, up to MaxStaleness late.",
        ));
    }
    let versions: BTreeSet<_> = instances.iter().map(|each| &each.said.version).collect();
    if versions.len() > 1 {
        let versions: Vec<_> = versions
            .into_iter()
            .map(|version| harmless(version))
            .collect();
        findings.push(Finding::note(
            "instances",
            format!("of several versions: {}", versions.join(", ")),
            "Nothing has to be done while a new version is being rolled out.",
        ));
    }
    if findings.is_empty() {
        let number = count(instances.len() as u64, "is", "are");
        findings.push(Finding::fine("instances", format!("{number} well")));
    }
    findings
}

fn remedy(instance: &InstanceReport) -> &'static str {
    if instance.is_silent() {
        "If it was meant to stop, nothing has to be done: it is forgotten in a minute or so, and \
         Cache::close makes that at once. Otherwise see its own log: it may have lost the server."
    } else if instance.said.breaker != "closed" {
        "See its own log for why L2 is out of service. Its removals are sent when it is back."
    } else if !instance.said.proven {
        "See its own log: it cannot read the invalidations in time, and answers without L1."
    } else {
        "See whether its machine is overloaded: it hears of more removals than it can apply."
    }
}
