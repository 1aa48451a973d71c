//! `unstale instances`: who is there, where in the log, and whether all is well with them.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use comfy_table::Table;
use comfy_table::presets::NOTHING;
use serde_json::json;
use unstale::operate::InstanceReport;

use crate::arguments::Target;
use crate::connect::Place;
use crate::failure::{Failure, Verdict};
use crate::output::{self, Output, TABLE_COLUMNS};
use crate::wording::{self, count, harmless, rate, share, span};

/// An instance that is so many entries behind is not merely busy.
const FAR_BEHIND: u64 = 1_000;

pub(crate) async fn run(target: &Target, output: &mut Output) -> Result<Verdict, Failure> {
    let place = Place::find(target).await?;
    let namespace = place.report().await?;
    let instances = place.operator.instances().await?;
    let document = json!({
        "namespace": place.namespace(),
        "position": namespace.position,
        "instances": instances.iter().map(document).collect::<Vec<_>>(),
    });
    let listed = listing(&instances, output::columns());
    let many = count(instances.len() as u64, "instance", "instances");
    let head = format!(
        "{}: {many}, the log is at {}",
        place.namespace(),
        wording::place(&namespace.position)
    );
    if instances.is_empty() && !output.is_json() {
        output::note("No instance tells of itself: none is running, or Heartbeat is off.");
    }
    output.answer(
        &document,
        format!("{}\n{listed}", harmless(&head)).trim_end(),
    )?;
    let well = instances
        .iter()
        .all(|instance| complaint(instance).is_none());
    Ok(if well {
        Verdict::Well
    } else {
        Verdict::Findings
    })
}

/// An instance in JSON, with what is wrong with it.
pub(crate) fn document(instance: &InstanceReport) -> serde_json::Value {
    json!({ "instance": instance, "complaint": complaint(instance) })
}

/// What is wrong with an instance, in a few words.
pub(crate) fn complaint(instance: &InstanceReport) -> Option<String> {
    let said = &instance.said;
    if instance.is_silent() {
        Some(format!("silent for {}", span(instance.silent_for)))
    } else if said.breaker != "closed" {
        Some(format!("breaker {}", harmless(&said.breaker)))
    } else if !said.healthy {
        Some("unhealthy".to_owned())
    } else if !said.proven {
        Some("not proven".to_owned())
    } else if instance.lag.is_some_and(|lag| lag > FAR_BEHIND) {
        Some("far behind".to_owned())
    } else {
        None
    }
}

/// What there is to say of an instance, by the names of the columns.
pub(crate) fn columns_of(instance: &InstanceReport) -> Vec<(&'static str, String)> {
    let said = &instance.said;
    let started = UNIX_EPOCH + Duration::from_millis(said.started);
    let up = SystemTime::now()
        .duration_since(started)
        .unwrap_or_default();
    let proof = said
        .proof_age
        .map(|age| span(Duration::from_millis(age)))
        .unwrap_or_else(|| "none".to_owned());
    let requests: u64 = said.patterns.iter().map(|pattern| pattern.requests()).sum();
    let misses: u64 = said.patterns.iter().map(|pattern| pattern.misses).sum();
    let hits = (requests > 0).then(|| 1.0 - misses as f64 / requests as f64);
    let lag = instance
        .lag
        .map_or_else(|| "?".to_owned(), |lag| lag.to_string());
    vec![
        ("NAME", harmless(&said.name)),
        (
            "STATE",
            complaint(instance).unwrap_or_else(|| "well".to_owned()),
        ),
        ("HOST", format!("{}:{}", harmless(&said.host), said.pid)),
        ("UP", span(up)),
        ("HEARD", span(instance.silent_for)),
        (
            "POSITION",
            wording::place(said.position.as_deref().unwrap_or("-")),
        ),
        ("LAG", lag),
        ("PROOF", proof),
        ("PENDING", said.pending.to_string()),
        ("BREAKER", harmless(&said.breaker)),
        ("READS", rate(said.reads_per_second)),
        ("HITS", share(hits)),
        ("REMOVES", rate(said.removals_per_second)),
    ]
}

/// A table, or a list where there is no room for one.
pub(crate) fn listing(instances: &[InstanceReport], columns: u16) -> String {
    let rows: Vec<_> = instances.iter().map(columns_of).collect();
    let Some(first) = rows.first() else {
        return String::new();
    };
    if columns < TABLE_COLUMNS {
        let lists = rows.iter().map(|row| {
            let lines = row
                .iter()
                .map(|(name, text)| format!("{}: {text}", name.to_lowercase()));
            lines.collect::<Vec<_>>().join("\n")
        });
        return lists.collect::<Vec<_>>().join("\n\n");
    }
    let mut table = Table::new();
    table.load_style(NOTHING);
    table.set_header(first.iter().map(|(name, _)| *name));
    for row in &rows {
        table.add_row(row.iter().map(|(_, text)| text));
    }
    table.trim_fmt()
}
