//! Entries of the log, out of what the server sends: read where they stand, since every instance
//! reads every one.

use redis::{ErrorKind, PushInfo, RedisError, RedisResult, Value};

use super::super::wire;
use crate::core::{Message, Position};

/// An entry and its place; without a message, one that cannot be read, which counts as missed.
pub(super) type Entry = (Position, Option<Message>);

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
pub(super) fn kept(entry: &Value) -> Option<Entry> {
    let [id, fields] = entry.as_sequence()? else {
        return None;
    };
    let fields = fields.as_sequence().unwrap_or_default();
    let mut pairs = fields.chunks_exact(2);
    let pair = pairs.find(|pair| bytes(&pair[0]) == Some(b"e"));
    let message = pair.and_then(|pair| message(bytes(&pair[1])?));
    Some((position(bytes(id)?)?, message))
}

/// `<position> <entry>` from a message of the channel.
pub(super) fn published(push: &PushInfo) -> Option<Entry> {
    let text = bytes(push.data.get(1)?)?;
    let space = text.iter().position(|byte| *byte == b' ')?;
    Some((position(&text[..space])?, message(&text[space + 1..])))
}

/// Reads `<id> <id before> <message>`.
fn message(entry: &[u8]) -> Option<Message> {
    let mut words = entry.splitn(3, |byte| *byte == b' ');
    wire::read_entry(words.next()?, words.next()?, words.next()?)
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
        let read = kept(&entry("7-3", &["e", "0b 0a {\"o\":5, \"k\":[\"a key\"]}"]));
        let (position, message) = read.unwrap();
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
        assert_eq!(published(&push), Some((position, Some(message))));
    }

    #[test]
    fn what_lacks_a_word_is_missed_and_what_has_no_place_is_no_entry() {
        let place = Position { epoch: 7, seq: 3 };
        for fields in [
            &["e", "0b"][..],
            &["e", "0b 0a"],
            &["e", "0b {\"o\":5}"],
            &["m", "0b 0a {\"o\":5}"],
            &["e"],
            &[],
        ] {
            assert_eq!(
                kept(&entry("7-3", fields)),
                Some((place, None)),
                "{fields:?}"
            );
        }
        assert_eq!(kept(&entry("seven", &["e", "0b 0a {\"o\":5}"])), None);
        assert_eq!(kept(&text("7-3")), None);
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
