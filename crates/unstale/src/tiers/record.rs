//! What L2 holds under a key: a lease or a value.
//!
//! ```text
//! L1 <epoch> <stamp> 0 <token> ;
//! V1 <epoch> <stamp> <deadline> <token> <flags> <ttl> <sliding> <size> <priority> <tags> ;…
//! ```
//!
//! The header is text, so that scripts can read and write it and a person can read it in
//! `redis-cli`; behind its `;` follow the tags (a JSON array, `<tags>` bytes of it) and the
//! payload. Spans are milliseconds; the deadline is a time of the server's clock, and only
//! entries with a sliding expiration have one.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use crate::codec::Encoded;
use crate::core::Position;
use crate::policy::Priority;

/// The kinds and their format versions. Another version is a miss, never an error.
const LEASE: &str = "L1";
const VALUE: &str = "V1";

/// A header is no longer than this: what `touch.lua` looks at.
const HEADER: usize = 256;

/// What comes before a token is no longer than this: a kind, and three numbers.
const START: usize = 68;

/// What an entry carries beside its payload.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Traits {
    pub(crate) ttl: Duration,
    pub(crate) sliding: Option<Duration>,
    pub(crate) size: u32,
    pub(crate) priority: Priority,
    pub(crate) tags: Box<[Arc<str>]>,
}

/// A value as L2 holds it.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Value {
    pub(crate) stamp: Position,
    pub(crate) traits: Traits,
    pub(crate) encoded: Encoded,
}

/// A record that was read.
#[derive(Clone, PartialEq, Debug)]
pub(crate) enum Record {
    Lease {
        stamp: Position,
    },
    Value(Value),
    /// Of a version that this one does not know.
    Foreign,
}

/// The bytes of a lease.
pub(crate) fn lease(stamp: Position, token: &str) -> Bytes {
    let mut lease = Words::with_room_for(START + token.len());
    lease.text(LEASE).number(stamp.epoch).number(stamp.seq);
    lease.number(0_u8).text(token);
    lease.behind(b";")
}

/// The bytes of a value, but for what the script that stores it knows better: everything behind
/// `V1 <epoch> <stamp> <deadline> `.
pub(crate) fn value_rest(token: &str, traits: &Traits, encoded: &Encoded) -> Vec<u8> {
    let tags = match &*traits.tags {
        [] => String::new(),
        tags => serde_json::Value::from_iter(tags.iter().map(|tag| &**tag)).to_string(),
    };
    let room = HEADER + tags.len() + encoded.payload.len();
    let mut rest = Words::with_room_for(room);
    rest.text(token)
        .number(encoded.flags)
        .number(millis(traits.ttl))
        .number(traits.sliding.map_or(0, millis))
        .number(traits.size)
        .number(traits.priority.level())
        .number(tags.len());
    let mut rest = rest.0;
    rest.push(b';');
    rest.extend_from_slice(tags.as_bytes());
    rest.extend_from_slice(&encoded.payload);
    rest
}

/// The bytes of a value, given what [`value_rest`] left out.
pub(crate) fn value(stamp: Position, deadline: u64, rest: &[u8]) -> Bytes {
    let mut value = Words::with_room_for(START + rest.len());
    value.text(VALUE).number(stamp.epoch).number(stamp.seq);
    value.number(deadline);
    value.behind(rest)
}

/// The words of a header, each followed by a space: every fill and every miss writes some.
struct Words(Vec<u8>);

impl Words {
    fn with_room_for(bytes: usize) -> Self {
        Self(Vec::with_capacity(bytes))
    }

    fn text(&mut self, word: &str) -> &mut Self {
        self.0.extend_from_slice(word.as_bytes());
        self.0.push(b' ');
        self
    }

    fn number(&mut self, number: impl itoa::Integer) -> &mut Self {
        self.text(itoa::Buffer::new().format(number))
    }

    fn behind(mut self, rest: &[u8]) -> Bytes {
        self.0.extend_from_slice(rest);
        self.0.into()
    }
}

/// The first bytes of a record, up to its token: no two records of a key have the same. What is
/// no record is told by what would be its header.
pub(crate) fn identity(record: &[u8]) -> &[u8] {
    let header = &record[..record.len().min(HEADER)];
    let end = header
        .iter()
        .enumerate()
        .filter(|(_, byte)| **byte == b' ')
        .nth(4);
    &header[..end.map_or(header.len(), |(index, _)| index + 1)]
}

/// The token of a record, which tells it from every other, and from what is no record.
pub(crate) fn token(record: &[u8]) -> &[u8] {
    record
        .split(|byte| *byte == b' ')
        .nth(4)
        .unwrap_or_default()
}

/// The time on the server's clock, in milliseconds, that a record cannot slide beyond.
pub(crate) fn deadline(record: &[u8]) -> Option<u64> {
    let field = record.split(|byte| *byte == b' ').nth(3)?;
    number(field).filter(|deadline| *deadline > 0)
}

/// Reads a record; what cannot be read is foreign.
pub(crate) fn parse(bytes: &Bytes) -> Record {
    parse_known(bytes).unwrap_or(Record::Foreign)
}

fn parse_known(bytes: &Bytes) -> Option<Record> {
    let header_end = bytes.iter().take(HEADER).position(|byte| *byte == b';')?;
    let header = &bytes[..header_end];
    std::str::from_utf8(header).ok()?;
    let mut fields = header.split(|byte| *byte == b' ');
    let kind = fields.next()?;
    let stamp = Position {
        epoch: next(&mut fields)?,
        seq: next(&mut fields)?,
    };
    let _deadline: u64 = next(&mut fields)?;
    if !is_token(fields.next()?) {
        return None;
    }
    match kind {
        kind if kind == LEASE.as_bytes() => Some(Record::Lease { stamp }),
        kind if kind == VALUE.as_bytes() => {
            let flags = next(&mut fields)?;
            let ttl = Duration::from_millis(next(&mut fields)?);
            let sliding = match next(&mut fields)? {
                0 => None,
                span => Some(Duration::from_millis(span)),
            };
            let size = next(&mut fields)?;
            let priority = Priority::from_level(next(&mut fields)?)?;
            let tags_start = header_end + 1;
            let tags_end = tags_start.checked_add(next(&mut fields)?)?;
            let tags = parse_tags(bytes.get(tags_start..tags_end)?)?;
            let traits = Traits {
                ttl,
                sliding,
                size,
                priority,
                tags,
            };
            let encoded = Encoded {
                flags,
                payload: bytes.slice(tags_end..),
            };
            Some(Record::Value(Value {
                stamp,
                traits,
                encoded,
            }))
        }
        _ => None,
    }
}

fn parse_tags(json: &[u8]) -> Option<Box<[Arc<str>]>> {
    if json.is_empty() {
        return Some(Box::default());
    }
    let tags: Vec<String> = serde_json::from_slice(json).ok()?;
    Some(tags.into_iter().map(Arc::from).collect())
}

fn next<'a, N: TryFrom<u64>>(fields: &mut impl Iterator<Item = &'a [u8]>) -> Option<N> {
    number(fields.next()?)
}

/// Reads digits, as the scripts do, which know no sign.
fn number<N: TryFrom<u64>>(digits: &[u8]) -> Option<N> {
    let (first, rest) = digits.split_first()?;
    let digit = |byte: &u8| byte.is_ascii_digit().then(|| u64::from(byte - b'0'));
    let number = rest.iter().try_fold(digit(first)?, |number: u64, byte| {
        number.checked_mul(10)?.checked_add(digit(byte)?)
    });
    N::try_from(number?).ok()
}

/// Whether the scripts see one token here.
fn is_token(text: &[u8]) -> bool {
    !text.is_empty() && text.iter().all(u8::is_ascii_graphic)
}

/// Whole milliseconds, rounded up: an expiration is never zero.
pub(crate) fn millis(span: Duration) -> u64 {
    u64::try_from(span.as_nanos().div_ceil(1_000_000)).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn foreign(record: &str) -> bool {
        parse(&Bytes::copy_from_slice(record.as_bytes())) == Record::Foreign
    }

    #[test]
    fn what_the_scripts_would_read_otherwise_is_foreign() {
        assert!(!foreign("V1 7 43 5 token.1 0 120000 7 1 1 0 ;"));
        for record in [
            "V1 7 +43 5 token.1 0 120000 7 1 1 0 ;",
            "V1 7 43 +5 token.1 0 120000 7 1 1 0 ;",
            "V1 7 43 5 token.1 0 120000 +7 1 1 0 ;",
            "V1 7 43 5  0 120000 7 1 1 0 ;",
            "V1 7 43 5 tok\ten 0 120000 7 1 1 0 ;",
            "V1 7 43 5 token.1 0 120000 7 1 1 ;",
            "L1 7 +43 0 token.1 ;",
        ] {
            assert!(foreign(record), "{record}");
        }
        assert_eq!(deadline(b"V1 7 43 +5 "), None);
    }

    #[test]
    fn a_length_that_no_memory_has_is_foreign() {
        for length in [u64::MAX, u64::MAX - 40, 1 << 63] {
            assert!(foreign(&format!("V1 7 43 0 t 0 1 0 1 1 {length} ;")));
        }
    }

    #[test]
    fn the_identity_of_what_is_no_record_is_bounded() {
        assert_eq!(identity(&[b'x'; 100_000]), [b'x'; HEADER]);
        assert_eq!(identity(b"L1 7 43 0 token.1 ;"), b"L1 7 43 0 token.1 ");
        assert_eq!(identity(b"hello"), b"hello");
    }
}
