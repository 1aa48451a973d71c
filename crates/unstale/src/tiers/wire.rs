//! Log entries as text, the same in a Stream, in Pub/Sub and in `redis-cli`.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use arrayvec::ArrayString;
use serde::de::Visitor;
use serde::{Deserialize, Deserializer, Serialize};

use crate::core::{Change, Message, Scope};

/// Short names, because every instance reads every entry. What a later version adds may say that
/// something stops being valid, so an entry with more in it is not understood.
#[derive(Serialize, Deserialize)]
// Without the bound, serde wants a default of the keys themselves.
#[serde(deny_unknown_fields, bound(deserialize = "K: Deserialize<'de>"))]
struct Entry<K> {
    /// Origin.
    o: u64,
    /// Wall clock of the sender, in microseconds since 1970.
    #[serde(default, skip_serializing_if = "is_zero")]
    w: u64,
    /// Keys.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    k: Vec<K>,
    /// Bans.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    b: Vec<String>,
    /// The longest TTL in milliseconds, where it is raised.
    #[serde(default, skip_serializing_if = "is_zero")]
    l: u64,
}

/// A key that is read, put in memory once: `Arc<str>` would be read as a `Box<str>` first.
struct Key(Arc<str>);

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reading;
        impl Visitor<'_> for Reading {
            type Value = Key;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a key")
            }

            fn visit_str<E>(self, key: &str) -> Result<Key, E> {
                Ok(Key(key.into()))
            }
        }
        deserializer.deserialize_str(Reading)
    }
}

fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// The bytes that most entries have beside the texts in them, and those around a text: quotes, and a comma.
const ROOM: usize = 64;
const ROOM_AROUND: usize = 3;

const DIGITS: [u8; 16] = *b"0123456789abcdef";

/// The text of a nonce, or of an entry's id: sixteen digits.
pub(crate) fn number(number: u64) -> ArrayString<16> {
    let mut text = ArrayString::new();
    for byte in number.to_be_bytes() {
        for digit in [byte >> 4, byte & 0xf] {
            text.push(char::from(DIGITS[usize::from(digit)]));
        }
    }
    text
}

/// Reads a nonce, or an entry's id. Every instance reads those of every entry.
pub(crate) fn read_number(text: &[u8]) -> Option<u64> {
    if text.is_empty() || text.len() > 16 {
        return None;
    }
    text.iter().try_fold(0, |number, digit| {
        let digit = char::from(*digit).to_digit(16)?;
        Some(number << 4 | u64::from(digit))
    })
}

/// The text of an entry, but for its id and the one before it, which stand beside it: the server
/// knows the latter alone.
pub(crate) fn write(message: &Message) -> Vec<u8> {
    let mut entry = Entry {
        o: message.origin,
        w: message.sent_at,
        k: Vec::with_capacity(message.changes.len()),
        b: vec![],
        l: message.longest_ttl.map_or(0, super::record::millis),
    };
    for change in &message.changes {
        match change {
            Change::Key(key) => entry.k.push(&**key),
            Change::Ban(scope) => entry.b.push(scope.to_string()),
        }
    }
    let keys = entry.k.iter().map(|key| key.len());
    let bans = entry.b.iter().map(String::len);
    let texts: usize = keys.chain(bans).map(|text| text + ROOM_AROUND).sum();
    let mut text = Vec::with_capacity(ROOM + texts);
    // Strings and numbers always have a JSON form, and memory takes it.
    let _ = serde_json::to_writer(&mut text, &entry);
    text
}

/// Reads an entry, but for the ids; `None` when it is none, or holds a ban of a kind unknown here.
/// What is not understood counts as missed.
pub(crate) fn read(text: &[u8]) -> Option<Message> {
    // Of an array, serde would take the fields in their order.
    if !text.trim_ascii_start().starts_with(b"{") {
        return None;
    }
    let entry: Entry<Key> = serde_json::from_slice(text).ok()?;
    let mut changes = Vec::with_capacity(entry.k.len() + entry.b.len());
    changes.extend(entry.k.into_iter().map(|key| Change::Key(key.0)));
    for ban in &entry.b {
        changes.push(Change::Ban(Scope::from_wire(ban)?));
    }
    Some(Message {
        origin: entry.o,
        sent_at: entry.w,
        changes,
        longest_ttl: (entry.l > 0).then(|| Duration::from_millis(entry.l)),
        ..Message::default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_is_read_back() {
        let message = Message {
            origin: u64::MAX,
            sent_at: 17,
            changes: vec![
                Change::Key("stock:price:\"MSFT\"".into()),
                Change::Ban(Scope::of_pattern("feed:user:*")),
                Change::Ban(Scope::of_pattern("a?c")),
                Change::Ban(Scope::All),
                Change::Ban(Scope::Tag("sport".into())),
            ],
            longest_ttl: Some(Duration::from_secs(3)),
            ..Message::default()
        };
        assert_eq!(read(&write(&message)), Some(message));
    }

    #[test]
    fn a_number_has_sixteen_digits_and_is_read_back() {
        for (written, text) in [
            (0, "0000000000000000"),
            (0x00c0_ffee_0000_0001, "00c0ffee00000001"),
            (u64::MAX, "ffffffffffffffff"),
        ] {
            assert_eq!(&*number(written), text);
            assert_eq!(read_number(text.as_bytes()), Some(written));
        }
        assert_eq!(read_number(b"0"), Some(0));
        for text in ["", "g", "+f", "-1", " f", "10000000000000000"] {
            assert_eq!(read_number(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn what_is_not_understood_is_not_half_applied() {
        assert_eq!(read(b"{\"o\":1,\"b\":[\"x:future\"]}"), None);
        assert_eq!(read(b"{\"o\":1,\"x\":[\"a\"]}"), None);
        assert_eq!(read(b"garbage"), None);
        assert_eq!(read(b"[1,0,[\"a\"]]"), None);
        assert_eq!(read(b"{\"o\":0}"), Some(Message::default()));
    }
}
