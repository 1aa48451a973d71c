//! Histories as text.
//!
//! ```text
//! A   0..10   writes x1, removal acknowledged
//! A   0..10   writes x1, ban pending
//! B  12..13   reads x0 from L1
//! B  12..13   reads x1 from L2 with token 1
//! ```
//!
//! An instance, from when to when in nanoseconds, what it did. Registers have one letter, and a
//! version after it.

use std::time::Duration;

use history::{Contract, Event, Invalidation, Judge, Moment, Read, Source, Verdict, Write};

/// `MaxStaleness` in all histories here, short enough to write down.
pub(crate) const BOUND: u64 = 100;

pub(crate) fn contract() -> Contract {
    Contract::new(Duration::from_nanos(BOUND))
}

/// The events of a history.
pub(crate) fn events(history: &str) -> Vec<Event> {
    let lines = history.lines().map(str::trim);
    let lines = lines.filter(|line| !line.is_empty());
    lines
        .map(|line| event(line).unwrap_or_else(|| panic!("not an event: {line}")))
        .collect()
}

fn event(line: &str) -> Option<Event> {
    let words: Vec<_> = line.split_whitespace().collect();
    let (instance, when) = (letter(words.first()?)?, words.get(1)?);
    let (began, ended) = when.split_once("..")?;
    let began = Moment::from_nanos(began.parse().ok()?);
    let ended = Moment::from_nanos(ended.parse().ok()?);
    let (key, version) = words.get(3)?.split_at(1);
    let key = letter(key)?;
    let version = version.trim_end_matches(',').parse().ok()?;
    match (*words.get(2)?, words.get(4..)?) {
        ("writes", [invalidation, confirmed]) => Some(Event::Write(Write {
            key,
            version,
            instance,
            began,
            ended,
            acknowledged: match *confirmed {
                "acknowledged" => true,
                "pending" => false,
                _ => return None,
            },
            invalidation: match *invalidation {
                "removal" => Invalidation::Removal,
                "ban" => Invalidation::Ban,
                _ => return None,
            },
        })),
        ("reads", ["from", source, token @ ..]) => Some(Event::Read(Read {
            key,
            version,
            instance,
            source: *Source::ALL.iter().find(|one| one.to_string() == *source)?,
            began,
            ended,
            at_least: match token {
                [] => 0,
                ["with", "token", version] => version.parse().ok()?,
                _ => return None,
            },
        })),
        _ => None,
    }
}

fn letter(word: &str) -> Option<u32> {
    let mut letters = word.chars();
    let letter = letters.next().filter(char::is_ascii_alphabetic)?;
    letters.next().is_none().then_some(u32::from(letter))
}

/// The verdicts on a whole history.
pub(crate) fn verdicts(history: &str) -> Vec<Verdict> {
    judged(events(history))
}

/// The verdicts on these events, reported by one.
pub(crate) fn judged(events: impl IntoIterator<Item = Event>) -> Vec<Verdict> {
    let mut judge = Judge::new(contract());
    judge.report(0, events, Moment::ZERO);
    judge.finish();
    judge.verdicts().collect()
}
