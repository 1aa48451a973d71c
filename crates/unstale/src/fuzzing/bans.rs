//! Bans: what their text says, what they cover, and what becomes of too many.

use std::sync::Arc;

use arbitrary::{Arbitrary, Result, Unstructured};

use super::log_entries::{NoCopies, at, following};
use super::scripts::FOLD;
use crate::core::{Change, Message, Position, Received, Scope, Snapshot, Tick};

/// A text is one ban a line, and keys.
pub(super) fn check(input: &[u8]) {
    if let Ok(text) = std::str::from_utf8(input) {
        for scope in text.lines().filter_map(Scope::from_wire) {
            is_read_back(&scope);
            folds_into_something_broader(&scope, text.lines());
        }
    }
    let mut choices = Unstructured::new(input);
    if let Ok(bans) = Bans::choose(&mut choices) {
        bans.forbid_what_they_cover();
    }
}

fn is_read_back(scope: &Scope) {
    let text = scope.to_string();
    assert_eq!(Scope::from_wire(&text).as_ref(), Some(scope), "{text}");
}

/// Here and on the server, which folds by the text, into the same.
fn folds_into_something_broader<'a>(scope: &'a Scope, keys: impl Iterator<Item = &'a str>) {
    let broader = scope.folded();
    let name = format!("b:{scope}");
    let segment = FOLD.captures(name.as_bytes()).map(|captured| {
        let segment = std::str::from_utf8(captured[0]).expect("it ends at a colon");
        format!("p:{segment}*")
    });
    assert_eq!(broader.to_string(), segment.as_deref().unwrap_or("p:*"));
    is_read_back(&broader);
    for key in keys.chain(least_match(scope)) {
        assert!(
            !scope.may_cover(key) || broader.may_cover(key),
            "{key:?}: {scope:?} is not in {broader:?}"
        );
    }
}

/// The text that a pattern begins with, which it often matches.
fn least_match(scope: &Scope) -> Option<&str> {
    match scope {
        Scope::Prefix(prefix) => Some(prefix),
        Scope::Glob(glob) => Some(glob.literal_prefix()),
        Scope::All | Scope::Tag(_) => None,
    }
}

/// Some bans in the order of the log, and an entry that they may cover.
#[derive(Debug)]
struct Bans {
    scopes: Vec<Scope>,
    limit: usize,
    key: String,
    tags: Vec<Arc<str>>,
}

impl Bans {
    fn choose(choices: &mut Unstructured<'_>) -> Result<Self> {
        let limit = usize::from(u8::arbitrary(choices)? % 8) + 1;
        let key = a_pattern(choices)?.replace(['*', '?'], "");
        let tags = vec![a_tag(choices)?, a_tag(choices)?];
        let mut scopes = Vec::new();
        while !choices.is_empty() && scopes.len() < 16 {
            scopes.push(a_scope(choices)?);
        }
        Ok(Self {
            scopes,
            limit,
            key,
            tags,
        })
    }

    /// Whether one of them is newer than this stamp and covers the entry: the definition.
    fn forbid(&self, stamp: Position) -> bool {
        (1..).zip(&self.scopes).any(|(seq, scope)| {
            stamp < at(seq)
                && match scope {
                    Scope::Tag(tag) => self.tags.contains(tag),
                    pattern => pattern.may_cover(&self.key),
                }
        })
    }

    fn forbid_what_they_cover(&self) {
        let mut all = following(0, usize::MAX);
        let mut folded = following(0, self.limit);
        for (seq, scope) in (1..).zip(&self.scopes) {
            is_read_back(scope);
            folds_into_something_broader(scope, [&*self.key].into_iter());
            let message = Message {
                changes: vec![Change::Ban(scope.clone())],
                ..Message::default()
            };
            for partition in [&mut all, &mut folded] {
                let now = Tick::default();
                let received = partition.receive(at(seq), &message, false, now, &mut NoCopies);
                assert_eq!(received, Received::Applied);
            }
        }
        assert!(folded.bans() <= self.limit);
        let newest = self.scopes.len() as u64;
        let snapshot = Snapshot {
            fenced: crate::core::Fenced {
                history: all.history(),
                tail: newest,
                ..Default::default()
            },
            bans: self.scopes.iter().cloned().zip(1..).collect(),
        };
        for stamp in (0..=newest).map(at) {
            let forbidden = self.forbid(stamp);
            let (key, tags) = (&self.key, &self.tags);
            assert_eq!(all.accepts(key, tags, stamp), !forbidden, "{stamp}");
            assert_eq!(snapshot.accepts(key, tags, stamp), !forbidden, "{stamp}");
            assert!(!forbidden || !folded.accepts(key, tags, stamp), "{stamp}");
        }
        let newest = at(newest);
        assert!(folded.accepts(&self.key, &self.tags, newest));
    }
}

/// A ban as a user asks for it.
pub(super) fn a_scope(choices: &mut Unstructured<'_>) -> Result<Scope> {
    Ok(if choices.ratio(1, 4)? {
        Scope::Tag(a_tag(choices)?)
    } else if choices.ratio(1, 4)? {
        Scope::of_pattern(<&str>::arbitrary(choices)?)
    } else {
        Scope::of_pattern(&a_pattern(choices)?)
    })
}

fn a_tag(choices: &mut Unstructured<'_>) -> Result<Arc<str>> {
    let tag = *choices.choose(&["red", "green", "blue", "a:", ""])?;
    Ok(tag.into())
}

/// A pattern of few different parts, so that patterns and keys often meet.
fn a_pattern(choices: &mut Unstructured<'_>) -> Result<String> {
    const PARTS: [&str; 12] = [
        "a", "b", ":", ":", "*", ":*", "?", "[ab]", "[^a]", "\\*", "\\", "\u{e9}",
    ];
    let mut pattern = String::new();
    for _ in 0..choices.int_in_range(0..=7)? {
        pattern.push_str(choices.choose(&PARTS)?);
    }
    Ok(pattern)
}
