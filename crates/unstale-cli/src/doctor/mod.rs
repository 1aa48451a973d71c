//! `unstale doctor`: what can go wrong, looked for, each finding with its remedy.

mod finding;
mod judge_instances;
mod judge_log;
mod judge_partitions;
mod judge_rights;
mod judge_server;

use std::time::{Duration, Instant};

use serde_json::json;
use unstale::operate::{NamespaceReport, Operator, Trouble};

use self::finding::{Finding, Severity};
use crate::arguments::Target;
use crate::connect::Place;
use crate::failure::{Failure, Verdict};
use crate::output::Output;
use crate::wording::{count, harmless};

pub(crate) async fn run(
    target: &Target,
    sample: Duration,
    output: &mut Output,
) -> Result<Verdict, Failure> {
    let place = Place::find(target).await?;
    let findings = examine(&place, sample).await?;
    let found = |severity| {
        findings
            .iter()
            .filter(|each| each.severity == severity)
            .count() as u64
    };
    let (problems, warnings) = (found(Severity::Problem), found(Severity::Warning));
    let document = json!({
        "endpoint": place.operator.endpoint(),
        "namespace": place.namespace(),
        "problems": problems,
        "warnings": warnings,
        "findings": findings,
    });
    let mut lines: Vec<_> = findings.iter().map(ToString::to_string).collect();
    lines.push(format!(
        "\n`{}` at {}: {}, {}.",
        harmless(place.namespace()),
        place.operator.endpoint(),
        count(problems, "problem", "problems"),
        count(warnings, "warning", "warnings"),
    ));
    output.answer(&document, lines.join("\n"))?;
    Ok(match problems + warnings {
        0 => Verdict::Well,
        _ => Verdict::Findings,
    })
}

/// What keeps any cache from working on this server, if anything does: the first problem with its
/// version, its role, or what the login may do.
pub(crate) async fn obstacle(operator: &Operator) -> Result<Option<Failure>, Failure> {
    let server = unless_refused(operator.server().await)?;
    let of_server = server.iter().flat_map(judge_server::judge);
    let of_server = of_server.filter(|finding| ["version", "role"].contains(&finding.check));
    let of_rights = judge_rights::judge(&operator.rights().await?);
    let mut findings = of_server.chain(of_rights);
    let problem = findings.find(|finding| finding.severity == Severity::Problem);
    Ok(problem.map(|problem| Failure::Unfit {
        endpoint: operator.endpoint().to_owned(),
        what: problem.what,
        remedy: problem.remedy.unwrap_or_default(),
    }))
}

/// Asks for everything, and goes on where the server refuses an answer: the rights tell why.
async fn examine(place: &Place, sample: Duration) -> Result<Vec<Finding>, Failure> {
    let operator = &place.operator;
    let mut findings = Vec::new();
    if let Some(server) = unless_refused(operator.server().await)? {
        findings.extend(judge_server::judge(&server));
    }
    findings.extend(judge_rights::judge(&operator.rights().await?));
    let partitions = place.config.redis.effective_partitions();
    let generations = unless_refused(operator.generations().await)?.unwrap_or_default();
    let began = Instant::now();
    let Some(before) = unless_refused(operator.namespace().await)? else {
        return Ok(findings);
    };
    let Some(before) = before else {
        let what = format!("no instance has used `{}`", harmless(place.namespace()));
        let remedy = "Give --namespace as the service's InstanceName says. If no instance has \
                      started since the server was last flushed, all is well.";
        findings.push(Finding::warning("namespace", what, remedy));
        findings.extend(judge_partitions::judge(partitions, &[], &generations));
        return Ok(findings);
    };
    tokio::time::sleep(sample).await;
    let now = unless_refused(operator.namespace().await)?.flatten();
    let now = now.unwrap_or_else(|| before.clone());
    let instances = unless_refused(operator.instances().await)?.unwrap_or_default();
    let span = began.elapsed();
    let rates = parts(&before).zip(parts(&now));
    let rates = rates.map(|(before, now)| observed_rate(before, now, span));
    let rates: Vec<_> = rates.collect();
    findings.extend(judge_log::judge(&now, &instances, &rates, &place.config));
    findings.extend(judge_partitions::judge(
        partitions,
        &instances,
        &generations,
    ));
    findings.extend(judge_instances::judge(&instances, &now.carrier));
    Ok(findings)
}

/// The partitions of a namespace, each of which has a log.
fn parts(namespace: &NamespaceReport) -> impl Iterator<Item = &NamespaceReport> {
    let is_whole = namespace.partitions.is_empty();
    let whole = is_whole.then_some(namespace);
    whole.into_iter().chain(&namespace.partitions)
}

fn unless_refused<T>(answer: Result<T, Trouble>) -> Result<Option<T>, Failure> {
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(Trouble::Refused { .. }) => Ok(None),
        Err(trouble) => Err(trouble.into()),
    }
}

/// Entries per second between two looks; none when the epoch changed in between.
fn observed_rate(before: &NamespaceReport, now: &NamespaceReport, span: Duration) -> f64 {
    let epoch = |report: &NamespaceReport| report.position.split('-').next().map(str::to_owned);
    if epoch(before) != epoch(now) {
        return 0.0;
    }
    now.tail.saturating_sub(before.tail) as f64 / span.as_secs_f64().max(0.001)
}
