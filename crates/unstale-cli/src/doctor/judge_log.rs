//! Whether the log is long enough for what goes through it.

use std::time::Duration;

use unstale::Config;
use unstale::operate::{InstanceReport, NamespaceReport};

use super::finding::Finding;
use super::parts;
use crate::wording::{count, harmless, rate, span};

/// For how long an instance should be able to lose its connection and still catch up.
const BRIDGED: Duration = Duration::from_secs(30);

/// `observed` is how many entries per second were appended to each partition's log while this was
/// looked at.
pub(super) fn judge(
    namespace: &NamespaceReport,
    instances: &[InstanceReport],
    observed: &[f64],
    config: &Config,
) -> Vec<Finding> {
    let bans = count(namespace.bans, "ban", "bans");
    let mut findings: Vec<_> = parts(namespace)
        .map(|part| Finding::fine("namespace", format!("at {}", part.position)))
        .collect();
    if let [only] = &mut findings[..] {
        only.what = format!("{}, {bans}", only.what);
    } else {
        findings.push(Finding::fine(
            "namespace",
            format!("{bans} in all partitions"),
        ));
    }
    if !config.use_streams_for_invalidation {
        findings.push(Finding::note(
            "log",
            format!(
                "a Pub/Sub channel carries it, {} now",
                rate(observed.iter().sum())
            ),
            "An instance that loses its connection drops its copies. A Stream \
             (UseStreamsForInvalidation) lets it catch up instead.",
        ));
        return findings;
    }
    // What the instances say counts more than what this command line does.
    let configured = instances
        .iter()
        .map(|each| each.said.max_stream_length)
        .min();
    let longest = configured.unwrap_or(config.stream.max_stream_length);
    let logs = parts(namespace).zip(observed);
    findings.extend(logs.map(|(part, observed)| judge_one(part, *observed, longest)));
    findings
}

fn judge_one(part: &NamespaceReport, observed: f64, longest: u64) -> Finding {
    let Some(log) = &part.log else {
        return Finding::warning(
            "log",
            format!("{} is not there", harmless(&part.carrier)),
            "Give --stream as the service's StreamName says. If the name is right, it was deleted: \
             it comes back with the next removal.",
        );
    };
    // The first entries of a short log say nothing about what goes through it for long.
    let average = log
        .span
        .filter(|_| log.entries * 2 >= longest)
        .map(|span| log.entries as f64 / span.as_secs_f64().max(0.001));
    let busiest = observed.max(average.unwrap_or(0.0));
    let what = format!(
        "{} of at most {longest}, {} now",
        log.entries,
        rate(observed)
    );
    if busiest * BRIDGED.as_secs_f64() <= longest as f64 {
        return Finding::fine("log", what);
    }
    let bridged = Duration::from_secs_f64(longest as f64 / busiest);
    let enough = (busiest * BRIDGED.as_secs_f64()).ceil();
    Finding::warning(
        "log",
        format!(
            "{what}: at {} it goes back no more than {}",
            rate(busiest),
            span(bridged)
        ),
        format!(
            "Set MaxStreamLength to {enough:.0} or more: an instance that is cut off for longer than \
             the log goes back drops its copies."
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::super::finding::Severity;
    use super::*;

    fn severity(observed: f64, longest: u64) -> Severity {
        let mut namespace = NamespaceReport::default();
        namespace.log = Some(Default::default());
        let mut config = Config::default();
        config.stream.max_stream_length = longest;
        let findings = judge(&namespace, &[], &[observed], &config);
        findings.iter().map(|each| each.severity).max().unwrap()
    }

    #[test]
    fn the_log_has_to_go_back_half_a_minute() {
        assert_eq!(severity(0.0, 1), Severity::Fine);
        assert_eq!(severity(100.0, 3_000), Severity::Fine);
        assert_eq!(severity(101.0, 3_000), Severity::Warning);
    }
}
