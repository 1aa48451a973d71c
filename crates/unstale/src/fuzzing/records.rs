//! Records: what anybody may have left under a key in L2.

use std::time::Duration;

use arbitrary::{Arbitrary, Unstructured};
use bytes::Bytes;

use super::damage::damage;
use super::scripts::{GUARDED, TOUCH};
use crate::codec::Encoded;
use crate::core::Position;
use crate::policy::Priority;
use crate::tiers::record::{self, Record, Traits, Value, identity, millis};

/// `touch.lua` looks at no more of a record.
const HEADER: usize = 256;

const MILLISECOND: Duration = Duration::from_millis(1);

pub(super) fn check(input: &[u8]) {
    let found = Bytes::copy_from_slice(input);
    is_read_alike(&found);
    let mut choices = Unstructured::new(input);
    let Ok([one, other]) = <[Written; 2]>::arbitrary(&mut choices) else {
        return;
    };
    let records = [one.is_read_back(), other.is_read_back()];
    if one.token() != other.token() {
        assert!(!records[0].starts_with(identity(&records[1])));
        assert!(!records[1].starts_with(identity(&records[0])));
    }
    damage(&records[0], &mut choices, |damaged| {
        is_read_alike(&Bytes::copy_from_slice(damaged));
    });
}

/// What can be read is written back the same, and the scripts read the same in it.
fn is_read_alike(bytes: &Bytes) {
    let identity = identity(bytes);
    assert!(bytes.starts_with(identity));
    assert!(identity.len() <= HEADER, "an identity is a header's");
    let token = || {
        let text = std::str::from_utf8(identity).expect("a header is text");
        text.split(' ').nth(4).expect("a header has a token")
    };
    match record::parse(bytes) {
        Record::Foreign => {}
        Record::Lease { stamp } => {
            let written = record::lease(stamp, token());
            assert_eq!(record::parse(&written), Record::Lease { stamp });
        }
        Record::Value(value) => {
            let deadline = record::deadline(bytes).unwrap_or(0);
            let rest = record::value_rest(token(), &value.traits, &value.encoded);
            let written = record::value(value.stamp, deadline, &rest);
            assert_eq!(record::deadline(&written).unwrap_or(0), deadline);
            scripts_agree(bytes, &value, deadline);
            assert_eq!(record::parse(&written), Record::Value(value));
        }
    }
}

fn scripts_agree(bytes: &[u8], value: &Value, deadline: u64) {
    let stamp = GUARDED.captures(bytes).expect("guarded.lua reads it");
    assert_eq!(numbers(&stamp), [value.stamp.seq]);
    let header = &bytes[..bytes.len().min(HEADER)];
    let slides = TOUCH.captures(header).expect("touch.lua reads it");
    let sliding = value.traits.sliding.map_or(0, millis);
    assert_eq!(numbers(&slides), [deadline, sliding]);
}

fn numbers(captured: &[&[u8]]) -> Vec<u64> {
    let number = |digits: &&[u8]| std::str::from_utf8(digits).unwrap().parse().unwrap();
    captured.iter().map(number).collect()
}

/// A record as an instance writes it.
#[derive(Arbitrary, Debug)]
struct Written {
    stamp: (u64, u64),
    deadline: u64,
    token: (u64, u64),
    ttl: Duration,
    sliding: Option<Duration>,
    size: u32,
    priority: u8,
    tags: Vec<String>,
    flags: u8,
    payload: Vec<u8>,
}

impl Written {
    fn stamp(&self) -> Position {
        let (epoch, seq) = self.stamp;
        Position { epoch, seq }
    }

    fn token(&self) -> String {
        let (origin, number) = self.token;
        format!("{origin:016x}.{number:x}")
    }

    fn is_read_back(&self) -> Bytes {
        let (stamp, token) = (self.stamp(), self.token());
        let lease = record::lease(stamp, &token);
        is_read_alike(&lease);
        assert_eq!(record::parse(&lease), Record::Lease { stamp });

        let traits = Traits {
            ttl: self.ttl,
            sliding: self.sliding,
            size: self.size,
            priority: Priority::from_level(self.priority % 4).unwrap(),
            tags: self.tags.iter().map(|tag| tag.as_str().into()).collect(),
        };
        let encoded = Encoded {
            flags: self.flags,
            payload: Bytes::copy_from_slice(&self.payload),
        };
        let rest = record::value_rest(&token, &traits, &encoded);
        let bytes = record::value(stamp, self.deadline, &rest);
        is_read_alike(&bytes);
        assert_eq!(record::deadline(&bytes).unwrap_or(0), self.deadline);
        assert!(identity(&bytes).ends_with(format!(" {token} ").as_bytes()));

        let rounded = |span: Duration| {
            let rounded = Duration::from_millis(millis(span));
            let largest = Duration::from_millis(u64::MAX);
            assert!(rounded >= span.min(largest) && rounded.saturating_sub(span) < MILLISECOND);
            rounded
        };
        let traits = Traits {
            ttl: rounded(traits.ttl),
            sliding: traits.sliding.map(rounded).filter(|span| !span.is_zero()),
            ..traits
        };
        let value = Value {
            stamp,
            traits,
            encoded,
        };
        assert_eq!(record::parse(&bytes), Record::Value(value));
        bytes
    }
}
