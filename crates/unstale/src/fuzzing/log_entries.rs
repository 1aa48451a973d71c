//! Log entries and positions, as they come from a Stream, a channel or a header.

use std::sync::Arc;
use std::time::Duration;

use arbitrary::{Arbitrary, Unstructured};
use serde_json::Value;

use super::bans::a_scope;
use crate::core::{
    Change, Copies, Fenced, History, Limits, Message, Partition, Position, Received, Scope,
    Snapshot, Tick,
};
use crate::tiers::{record, wire};
use crate::token::Token;

pub(super) fn check(input: &[u8]) {
    if let Some(message) = wire::read(input) {
        assert_eq!(read_back(&message), message);
        is_read_whole(input, &message);
        is_applied(&message);
    }
    if let Ok(text) = std::str::from_utf8(input) {
        is_a_token_or_told(text);
    }
    let mut choices = Unstructured::new(input);
    if let Ok(message) = a_message(&mut choices) {
        assert_eq!(read_back(&message), as_read(&message));
        is_applied(&message);
    }
}

/// Nothing that an entry invalidates is passed over because it is not understood.
fn is_read_whole(input: &[u8], message: &Message) {
    let entry: Value = serde_json::from_slice(input).expect("an entry is JSON");
    let written = |name: &str| entry[name].as_array().map_or(0, Vec::len);
    let bans = message.bans().count();
    assert_eq!(bans, written("b"));
    assert_eq!(message.changes.len() - bans, written("k"));
}

fn read_back(message: &Message) -> Message {
    wire::read(&wire::write(message)).expect("what was written is read")
}

/// What is left of a message in the log: its keys before its bans, and spans of milliseconds.
fn as_read(message: &Message) -> Message {
    let (keys, bans): (Vec<_>, Vec<_>) = message
        .changes
        .iter()
        .cloned()
        .partition(|change| matches!(change, Change::Key(_)));
    let longest_ttl = message.longest_ttl.map(record::millis);
    Message {
        changes: [keys, bans].concat(),
        longest_ttl: longest_ttl
            .filter(|ttl| *ttl > 0)
            .map(Duration::from_millis),
        ..*message
    }
}

fn is_a_token_or_told(text: &str) {
    match text.parse::<Token>() {
        Ok(token) => assert_eq!(token.to_string().parse(), Ok(token)),
        Err(error) => {
            let shown = error.to_string();
            assert!(!shown.contains(char::is_control), "{shown:?}");
            assert!(shown.len() < 1_000, "{shown}");
        }
    }
}

const HISTORY: History = History { epoch: 7, nonce: 1 };

const LIMITS: Limits = Limits {
    max_staleness: Duration::from_secs(2),
    load_timeout: Duration::from_secs(10),
    lease_ttl: Duration::from_secs(10),
    max_bans: 10_000,
};

/// An instance without copies.
pub(super) struct NoCopies;

impl Copies for NoCopies {
    fn drop_key(&mut self, _key: &str) {}

    fn drop_all(&mut self) {}
}

pub(super) fn at(seq: u64) -> Position {
    let epoch = HISTORY.epoch;
    Position { epoch, seq }
}

/// An instance that has applied everything up to here.
pub(super) fn following(tail: u64, max_bans: usize) -> Partition {
    let mut partition = Partition::new(Limits { max_bans, ..LIMITS }, Duration::ZERO);
    let snapshot = Snapshot {
        fenced: Fenced {
            history: HISTORY,
            tail,
            ..Fenced::default()
        },
        bans: vec![],
    };
    assert!(partition.resume(&snapshot, Tick::default(), &mut NoCopies));
    partition
}

/// An entry that can be read takes effect: nothing older than a ban in it is accepted any longer,
/// and everything newer is.
fn is_applied(message: &Message) {
    let mut partition = following(5, LIMITS.max_bans);
    let received = partition.receive(at(6), message, false, Tick::default(), &mut NoCopies);
    assert_eq!(received, Received::Applied);
    for scope in message.bans() {
        if let Some((key, tags)) = covered(scope) {
            assert!(!partition.accepts(key, &tags, at(5)), "{scope:?}");
            assert!(partition.accepts(key, &tags, at(6)), "{scope:?}");
        }
    }
    let longest = message.longest_ttl.unwrap_or_default();
    assert_eq!(partition.longest_ttl(), longest);
    partition.tidy(Tick::default() + longest);
    assert!(partition.bans() <= message.bans().count());
}

/// An entry that the scope is sure to cover.
fn covered(scope: &Scope) -> Option<(&str, Vec<Arc<str>>)> {
    match scope {
        Scope::All => Some(("any", vec![])),
        Scope::Prefix(prefix) => Some((prefix, vec![])),
        Scope::Tag(tag) => Some(("any", vec![tag.clone()])),
        Scope::Glob(glob) => {
            let least = glob.literal_prefix();
            glob.matches(least).then_some((least, vec![]))
        }
    }
}

fn a_message(choices: &mut Unstructured<'_>) -> arbitrary::Result<Message> {
    let (origin, sent_at, longest_ttl) = Arbitrary::arbitrary(choices)?;
    let mut changes = Vec::new();
    while !choices.is_empty() && changes.len() < 20 {
        changes.push(if choices.ratio(1, 2)? {
            Change::Key(<&str>::arbitrary(choices)?.into())
        } else {
            Change::Ban(a_scope(choices)?)
        });
    }
    // The ids travel beside the text.
    Ok(Message {
        origin,
        sent_at,
        changes,
        longest_ttl,
        ..Message::default()
    })
}
