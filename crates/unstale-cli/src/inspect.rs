//! `unstale inspect`: what is stored under a key, and whether it would be served.

use serde_json::json;
use unstale::operate::{Held, Inspection};

use crate::arguments::Target;
use crate::connect::Place;
use crate::failure::{Failure, Verdict};
use crate::output::Output;
use crate::wording::{harmless, span};

pub(crate) async fn run(
    target: &Target,
    key: &str,
    output: &mut Output,
) -> Result<Verdict, Failure> {
    let place = Place::find(target).await?;
    place.report().await?;
    let inspection = place.operator.inspect(key).await?;
    let document = json!({
        "inspection": inspection,
        "served": inspection.is_served(),
        "why_not": why_not(&inspection),
    });
    output.answer(&document, text(&inspection))?;
    Ok(match inspection.held {
        Held::Nothing => Verdict::Nothing,
        _ => Verdict::Well,
    })
}

/// Why an instance would not answer with what is there.
fn why_not(inspection: &Inspection) -> Option<String> {
    match &inspection.held {
        Held::Nothing => Some("there is nothing: L2 does not hold this key".to_owned()),
        Held::Lease { .. } => Some("somebody has the right to fill it, and has not yet".to_owned()),
        Held::Foreign { what } => Some(format!("it is no record of the cache: {}", harmless(what))),
        _ if !inspection.is_of_this_epoch => {
            Some("it is of an epoch that is over: it counts as missing".to_owned())
        }
        _ => {
            let ban = inspection.bans.iter().find(|ban| ban.forbids)?;
            let scope = harmless(&ban.scope);
            Some(format!(
                "`{scope}` was removed after it was loaded, at {}",
                ban.position
            ))
        }
    }
}

fn text(inspection: &Inspection) -> String {
    let mut lines = vec![
        ("key", harmless(&inspection.key)),
        ("stored as", harmless(&inspection.stored_as)),
    ];
    let mut say = |name, text: String| lines.push((name, text));
    match &inspection.held {
        Held::Nothing => say("holds", "nothing".to_owned()),
        Held::Foreign { what } => say("holds", format!("something else: {}", harmless(what))),
        Held::Lease { token } => say("holds", format!("a lease, {}", harmless(token))),
        Held::Value {
            token,
            ttl,
            sliding,
            size,
            priority,
            tags,
            flags,
            payload,
        } => {
            say(
                "holds",
                format!("a value of {payload} bytes, filled on {}", harmless(token)),
            );
            say("encoding", encoding(*flags));
            let slides = sliding.map(|span| format!(", {} after each read", self::span(span)));
            say(
                "lives for",
                format!("{}{}", span(*ttl), slides.unwrap_or_default()),
            );
            say("in L1", format!("size {size}, priority {priority:?}"));
            if !tags.is_empty() {
                say(
                    "tags",
                    tags.iter()
                        .map(|tag| harmless(tag))
                        .collect::<Vec<_>>()
                        .join(", "),
                );
            }
        }
        _ => {}
    }
    if let Some(age) = inspection.age {
        say("age", span(age));
    }
    if let Some(left) = inspection.expires_in {
        say("expires in", span(left));
    }
    if let Some(stamp) = &inspection.stamp {
        say("stamp", stamp.clone());
    }
    for ban in &inspection.bans {
        let effect = if ban.forbids {
            "forbids it"
        } else {
            "is older"
        };
        say(
            "ban",
            format!("{} at {}: {effect}", harmless(&ban.scope), ban.position),
        );
    }
    match why_not(inspection) {
        None => say("served", "yes".to_owned()),
        Some(reason) => say("served", format!("no: {reason}")),
    }
    let lines = lines
        .iter()
        .map(|(name, text)| format!("{name:<10}  {text}"));
    lines.collect::<Vec<_>>().join("\n")
}

/// What the flags of a value say.
fn encoding(flags: u64) -> String {
    let format = match flags & 0b111 {
        0 => "MessagePack",
        1 => "JSON",
        _ => "unknown",
    };
    let compressed = if flags & 0b1000 != 0 {
        ", compressed"
    } else {
        ""
    };
    format!("{format}{compressed}")
}
