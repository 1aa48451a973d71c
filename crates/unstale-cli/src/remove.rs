//! `unstale remove` and `unstale clear`: removals by hand, with the guarantees of any other.

use std::time::{Duration, Instant};

use serde_json::json;
use unstale::operate::remover;
use unstale::{Cache, Outcome};

use crate::arguments::{Target, What};
use crate::confirm::confirm;
use crate::connect::Place;
use crate::doctor::obstacle;
use crate::failure::{Failure, Verdict};
use crate::output::Output;
use crate::wording::{count, harmless};

/// How long a removal may take to be confirmed.
const PATIENCE: Duration = Duration::from_secs(10);

/// After this it is asked what may be in the way.
const DOUBT: Duration = Duration::from_secs(1);

/// How often it is looked whether it was.
const LOOK: Duration = Duration::from_millis(20);

pub(crate) async fn run(
    target: &Target,
    what: What,
    output: &mut Output,
) -> Result<Verdict, Failure> {
    let place = find(target).await?;
    let many = what.keys.len() > 1 || !what.pattern.is_empty() || !what.tag.is_empty();
    let words = words(&what, place.namespace());
    confirm(&format!("{words} on every instance."), what.yes || !many)?;
    let cache = remover(&place.config, "unstale-cli").await?;
    let mut outcomes = Vec::new();
    if !what.keys.is_empty() {
        outcomes.push(cache.remove_batch(&what.keys).await);
    }
    for pattern in &what.pattern {
        outcomes.push(cache.remove_pattern(pattern).await);
    }
    for tag in &what.tag {
        outcomes.push(cache.remove_tag(tag).await);
    }
    finish(&place, &cache, outcomes, &words, output).await
}

pub(crate) async fn clear(
    target: &Target,
    yes: bool,
    output: &mut Output,
) -> Result<Verdict, Failure> {
    let place = find(target).await?;
    let words = format!("Removes everything in `{}`", harmless(place.namespace()));
    confirm(&format!("{words} on every instance."), yes)?;
    let cache = remover(&place.config, "unstale-cli").await?;
    let outcomes = vec![cache.clear().await];
    finish(&place, &cache, outcomes, &words, output).await
}

/// Makes sure that somebody will hear of it: in this namespace, on this log.
async fn find(target: &Target) -> Result<Place, Failure> {
    let place = Place::find(target).await?;
    let ours = place.report().await?.carrier;
    let instances = place.operator.instances().await?;
    let heard = instances.iter().filter(|each| !each.is_silent());
    match heard.map(|each| &each.said.log).find(|log| **log != ours) {
        None => Ok(place),
        Some(theirs) => Err(Failure::OtherLog {
            namespace: harmless(place.namespace()),
            theirs: harmless(theirs),
            ours: harmless(&ours),
        }),
    }
}

fn words(what: &What, namespace: &str) -> String {
    let list = |texts: &[String]| {
        let texts: Vec<_> = texts
            .iter()
            .map(|text| format!("`{}`", harmless(text)))
            .collect();
        texts.join(", ")
    };
    let mut parts = Vec::new();
    if !what.keys.is_empty() {
        let shown = &what.keys[..what.keys.len().min(5)];
        let more = what.keys.len() - shown.len();
        let more =
            (more > 0).then(|| format!(" and {}", count(more as u64, "more key", "more keys")));
        parts.push(list(shown) + &more.unwrap_or_default());
    }
    if !what.pattern.is_empty() {
        parts.push(format!("all keys that match {}", list(&what.pattern)));
    }
    if !what.tag.is_empty() {
        parts.push(format!("all values tagged {}", list(&what.tag)));
    }
    format!("Removes {} in `{}`", parts.join("; "), harmless(namespace))
}

/// Waits for what is pending, and says what became of it.
async fn finish(
    place: &Place,
    cache: &Cache,
    outcomes: Vec<Outcome>,
    words: &str,
    output: &mut Output,
) -> Result<Verdict, Failure> {
    let began = Instant::now();
    let pends = || cache.health().pending > 0;
    while pends() && began.elapsed() < DOUBT {
        tokio::time::sleep(LOOK).await;
    }
    let in_the_way = match pends() {
        true => obstacle(&place.operator).await.ok().flatten(),
        false => None,
    };
    while pends() && in_the_way.is_none() && began.elapsed() < PATIENCE {
        tokio::time::sleep(LOOK).await;
    }
    let pending = cache.health().pending;
    cache.close().await;
    if let Some(Outcome::Refused(error)) = outcomes
        .iter()
        .find(|outcome| matches!(outcome, Outcome::Refused(_)))
    {
        return Err(Failure::Usage(error.to_string()));
    }
    if pending > 0 {
        return Err(in_the_way.unwrap_or(Failure::NotConfirmed));
    }
    let mut tokens = outcomes.iter().filter_map(Outcome::token);
    let token = tokens.next_back().map(ToString::to_string);
    let document = json!({ "applied": true, "token": token });
    let at = token
        .map(|token| format!(", at {token}"))
        .unwrap_or_default();
    output.answer(&document, format!("{words}: done{at}."))?;
    Ok(Verdict::Well)
}
