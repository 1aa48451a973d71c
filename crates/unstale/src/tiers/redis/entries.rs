//! Entries of the log, out of what the server sends: read where they stand, since every instance
//! reads every one.

use redis::{ErrorKind, PushInfo, RedisError, RedisResult, Value};

use super::super::feed::Content;
use super::super::wire;
use crate::core::{Message, Position};

/// An entry and its place, not read yet; without the entry, one that lacks something.
pub(super) type Arrived<'a> = (Position, Option<Entry<'a>>);

/// `<id> <id before> <message>`.
pub(super) struct Entry<'a> {
    id: u64,
    before: u64,
    message: &'a [u8],
}

impl<'a> Entry<'a> {
    fn of(text: &'a [u8]) -> Option<Self> {
        let mut words = text.splitn(3, |byte| *byte == b' ');
        Some(Self {
            id: wire::read_number(words.next()?)?,
            before: wire::read_number(words.next()?)?,
            message: words.next()?,
        })
    }

    /// All of it; nothing where it is not understood.
    fn read(self) -> Option<Message> {
        Some(Message {
            id: self.id,
            before: self.before,
            ..wire::read(self.message)?
        })
    }
}

/// Reads an entry for somebody who only looks.
#[cfg(any(test, feature = "evidence", feature = "operate"))]
pub(super) fn read((position, entry): Arrived<'_>) -> (Position, Option<Message>) {
    (position, entry.and_then(Entry::read))
}

/// Reads an entry, unless everything in it was applied when it was acknowledged.
pub(super) fn content(
    (position, entry): Arrived<'_>,
    was_confirmed: impl Fn(Position, u64) -> bool,
) -> (Position, Content) {
    let content = entry.map_or(Content::Unreadable, |entry| {
        let ids = [entry.id, entry.before];
        Content::of(ids, was_confirmed(position, entry.id), || entry.read())
    });
    (position, content)
}

/// What XREAD answers, asked for one Stream: nothing where the time ran out.
pub(super) fn of_read(reply: &Value) -> RedisResult<&[Value]> {
    if matches!(reply, Value::Nil) {
        return Ok(&[]);
    }
    let mut streams = reply.as_map_iter().ok_or_else(unexpected)?;
    let entries = streams.next().and_then(|(_, of_it)| of_it.as_sequence());
    entries.ok_or_else(unexpected)
}

/// An entry of the Stream.
pub(super) fn kept(entry: &Value) -> Option<Arrived<'_>> {
    let [id, fields] = entry.as_sequence()? else {
        return None;
    };
    let fields = fields.as_sequence().unwrap_or_default();
    let mut pairs = fields.chunks_exact(2);
    let pair = pairs.find(|pair| bytes(&pair[0]) == Some(b"e"));
    let entry = pair.and_then(|pair| Entry::of(bytes(&pair[1])?));
    Some((position(bytes(id)?)?, entry))
}

/// `<position> <entry>` from a message of the channel.
pub(super) fn published(push: &PushInfo) -> Option<Arrived<'_>> {
    let text = bytes(push.data.get(1)?)?;
    let space = text.iter().position(|byte| *byte == b' ')?;
    Some((position(&text[..space])?, Entry::of(&text[space + 1..])))
}

fn position(text: &[u8]) -> Option<Position> {
    std::str::from_utf8(text).ok()?.parse().ok()
}

fn bytes(value: &Value) -> Option<&[u8]> {
    match value {
        Value::BulkString(bytes) => Some(bytes),
        Value::SimpleString(text) => Some(text.as_bytes()),
        _ => None,
    }
}

fn unexpected() -> RedisError {
    RedisError::from((
        ErrorKind::UnexpectedReturnType,
        "XREAD answered with something else than entries",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Value {
        Value::BulkString(text.as_bytes().to_vec())
    }

    fn entry(id: &str, fields: &[&str]) -> Value {
        let fields = fields.iter().map(|field| text(field)).collect();
        Value::Array(vec![text(id), Value::Array(fields)])
    }

    #[test]
    fn an_entry_of_the_stream_is_read_as_one_of_the_channel() {
        let kept_there = entry("7-3", &["e", "0b 0a {\"o\":5, \"k\":[\"a key\"]}"]);
        let (position, message) = kept(&kept_there).map(read).unwrap();
        assert_eq!(position, Position { epoch: 7, seq: 3 });
        let message = message.unwrap();
        assert_eq!((message.id, message.before, message.origin), (11, 10, 5));
        assert_eq!(message.keys().count(), 1);
        let push = PushInfo {
            kind: redis::PushKind::Message,
            data: vec![
                text("channel"),
                text("7-3 0b 0a {\"o\":5, \"k\":[\"a key\"]}"),
            ],
        };
        assert_eq!(published(&push).map(read), Some((position, Some(message))));
    }

    #[test]
    fn what_lacks_a_word_is_missed_and_what_has_no_place_is_no_entry() {
        let place = Position { epoch: 7, seq: 3 };
        for fields in [
            &["e", "0b"][..],
            &["e", "0b 0a"],
            &["e", "0b {\"o\":5}"],
            &["e", " 0a {\"o\":5}"],
            &["e", "0b g {\"o\":5}"],
            &["m", "0b 0a {\"o\":5}"],
            &["e"],
            &[],
        ] {
            let read = kept(&entry("7-3", fields)).map(read);
            assert_eq!(read, Some((place, None)), "{fields:?}");
        }
        assert!(kept(&entry("seven", &["e", "0b 0a {\"o\":5}"])).is_none());
        assert!(kept(&text("7-3")).is_none());
    }

    #[test]
    fn what_was_confirmed_is_not_read_again_and_anything_else_is() {
        let place = Position { epoch: 7, seq: 3 };
        let confirmed = |at, id| (at, id) == (place, 11);
        let content = |entry: Value| content(kept(&entry).unwrap(), confirmed).1;
        let own = content(entry("7-3", &["e", "0b 0a unread"]));
        assert!(matches!(own, Content::Confirmed { id: 11, before: 10 }));
        for other in [
            entry("7-4", &["e", "0b 0a {\"o\":5}"]),
            entry("7-3", &["e", "0c 0a {\"o\":5}"]),
        ] {
            assert!(matches!(content(other), Content::Message(_)));
        }
        let other = content(entry("7-3", &["e", "0c 0a unread"]));
        assert!(matches!(other, Content::Unreadable));
    }

    #[test]
    fn a_read_is_one_stream_or_nothing() {
        let entries = vec![entry("7-3", &[])];
        let stream = (text("log"), Value::Array(entries.clone()));
        assert_eq!(of_read(&Value::Map(vec![stream])).unwrap(), entries);
        assert_eq!(of_read(&Value::Nil).unwrap(), []);
        assert!(of_read(&Value::Int(1)).is_err());
        assert!(of_read(&Value::Map(vec![])).is_err());
    }
}
