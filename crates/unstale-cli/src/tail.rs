//! `unstale tail`: the log as it happens.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use serde_json::json;
use unstale::glob::Glob;
use unstale::operate::{LogEntry, Operator};

use crate::arguments::{Target, Which};
use crate::connect::Place;
use crate::failure::{Failure, Verdict};
use crate::output::{self, Output};
use crate::wording::{count, harmless, span, time_of_day};

/// How long one look at the log waits for news.
const WAIT: Duration = Duration::from_millis(500);

/// The names of instances are not asked for more often.
const NAMES_EVERY: Duration = Duration::from_secs(2);

pub(crate) async fn run(
    target: &Target,
    which: &Which,
    output: &mut Output,
) -> Result<Verdict, Failure> {
    let place = Place::find(target).await?;
    place.report().await?;
    if which.all && !place.config.use_streams_for_invalidation {
        return Err(Failure::Usage(
            "--all asks for what was, but a Pub/Sub channel keeps nothing".to_owned(),
        ));
    }
    let globs: Vec<_> = which.pattern.iter().map(|text| Glob::parse(text)).collect();
    let Some(mut tail) = place.operator.tail(which.all).await? else {
        return place.report().await.map(|_| Verdict::Well);
    };
    let mut names = Names::default();
    names.learn(&place.operator).await?;
    if !output.is_json() {
        output::note(format!(
            "Following the log of {}.",
            harmless(place.namespace())
        ));
    }
    let began = Instant::now();
    let mut shown = 0;
    loop {
        let left = which
            .span()
            .map(|span| span.saturating_sub(began.elapsed()));
        if left.is_some_and(|left| left.is_zero()) {
            return Ok(Verdict::Well);
        }
        for entry in tail.next(left.unwrap_or(WAIT).min(WAIT)).await? {
            if !is_wanted(&entry, &globs) {
                continue;
            }
            let name = names.of(&entry, &place.operator).await?;
            if output.is_json() {
                output.line(json!({ "entry": entry, "name": name }))?;
            } else {
                output.line(text(&entry, name.as_deref()))?;
            }
            shown += 1;
            if which.limit.is_some_and(|limit| shown >= limit) {
                return Ok(Verdict::Well);
            }
        }
    }
}

/// Losses and removals by pattern or tag may concern any key.
fn is_wanted(entry: &LogEntry, globs: &[Glob]) -> bool {
    let concerns_any = entry.missing > 0
        || entry.new_epoch
        || !entry.readable
        || !entry.patterns.is_empty()
        || !entry.tags.is_empty();
    let matches = |key: &String| globs.iter().any(|glob| glob.matches(key));
    globs.is_empty() || concerns_any || entry.keys.iter().any(matches)
}

/// One line for an entry, after one for each loss before it.
fn text(entry: &LogEntry, name: Option<&str>) -> String {
    let mut lines = Vec::new();
    if entry.new_epoch {
        lines.push("-- a new epoch: every instance drops its copies".to_owned());
    }
    if entry.missing > 0 {
        let many = count(entry.missing, "entry is", "entries are");
        lines.push(format!("-- {many} missing here: trimmed, or lost"));
    }
    let mut words = vec![entry.position.clone()];
    words.extend(entry.sent_at.map(time_of_day));
    words.extend(name.map(harmless));
    words.extend(entry.keys.iter().map(|key| harmless(key)));
    let patterns = entry.patterns.iter();
    words.extend(patterns.map(|pattern| format!("pattern {}", harmless(pattern))));
    words.extend(
        entry
            .tags
            .iter()
            .map(|tag| format!("tag {}", harmless(tag))),
    );
    if let Some(ttl) = entry.longest_ttl {
        words.push(format!("(bans are kept for {} from here on)", span(ttl)));
    }
    if !entry.readable {
        words.push("(of a version that this one does not understand)".to_owned());
    } else if words.len() == 1 {
        words.push("(the epoch begins)".to_owned());
    }
    lines.push(words.join("  "));
    lines.join("\n")
}

/// The names of instances, by the ids that stand in the log.
#[derive(Default)]
struct Names {
    known: HashMap<String, String>,
    learnt: Option<Instant>,
}

impl Names {
    async fn learn(&mut self, operator: &Operator) -> Result<(), Failure> {
        let instances = operator.instances().await?;
        let named = instances.into_iter().map(|each| (each.id, each.said.name));
        self.known.extend(named);
        self.learnt = Some(Instant::now());
        Ok(())
    }

    /// The name of the instance that sent an entry, or its id.
    async fn of(
        &mut self,
        entry: &LogEntry,
        operator: &Operator,
    ) -> Result<Option<String>, Failure> {
        let Some(id) = &entry.origin else {
            return Ok(None);
        };
        let is_due = self.learnt.is_none_or(|at| at.elapsed() > NAMES_EVERY);
        if is_due && !self.known.contains_key(id) {
            self.learn(operator).await?;
        }
        Ok(Some(self.known.get(id).unwrap_or(id).clone()))
    }
}
