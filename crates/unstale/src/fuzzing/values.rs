//! Values: payloads of any type, encoding and size, as they come back from L2.

use std::collections::BTreeMap;

use arbitrary::{Arbitrary, Unstructured};
use bytes::Bytes;
use serde::de::{DeserializeOwned, IgnoredAny};
use serde::{Deserialize, Serialize};

use super::damage::damage;
use crate::codec::message_pack::is_sound;
use crate::codec::{Codec, EncodeError, Encoded};
use crate::config::Encoding;

/// The flags that a version may know: encodings 0 and 1, compressed or not.
const KNOWN_FLAGS: [u8; 4] = [0b0000, 0b0001, 0b1000, 0b1001];

/// The first byte is the flags, the rest the payload.
pub(super) fn check(input: &[u8]) {
    if let [flags, payload @ ..] = input {
        is_read_alike(*flags, payload);
        if is_sound(payload) {
            rmp_serde::from_slice::<IgnoredAny>(payload).expect("it is MessagePack");
        }
    }
    let mut choices = Unstructured::new(input);
    let Ok((settings, sample)) = <(Settings, Sample)>::arbitrary(&mut choices) else {
        return;
    };
    let Some((codec, encoded)) = settings.store(&sample) else {
        return;
    };
    assert_eq!(codec.decode(&encoded), Some(sample), "{settings:?}");
    damage(&encoded.payload, &mut choices, |damaged| {
        is_read_alike(encoded.flags, damaged);
    });
}

fn is_read_alike(flags: u8, payload: &[u8]) {
    let encoded = Encoded {
        flags,
        payload: Bytes::copy_from_slice(payload),
    };
    is_read_alike_as::<()>(&encoded);
    is_read_alike_as::<bool>(&encoded);
    is_read_alike_as::<u64>(&encoded);
    is_read_alike_as::<i64>(&encoded);
    is_read_alike_as::<f64>(&encoded);
    is_read_alike_as::<char>(&encoded);
    is_read_alike_as::<String>(&encoded);
    is_read_alike_as::<Option<u32>>(&encoded);
    is_read_alike_as::<Vec<()>>(&encoded);
    is_read_alike_as::<Vec<u8>>(&encoded);
    is_read_alike_as::<Vec<[u64; 4]>>(&encoded);
    is_read_alike_as::<BTreeMap<String, Vec<String>>>(&encoded);
    is_read_alike_as::<BTreeMap<u64, f64>>(&encoded);
    is_read_alike_as::<Tree>(&encoded);
    is_read_alike_as::<Kind>(&encoded);
    is_read_alike_as::<Sample>(&encoded);
    is_read_alike_as::<serde_json::Value>(&encoded);
}

/// What can be read is written and read back the same.
fn is_read_alike_as<T: Serialize + DeserializeOwned>(encoded: &Encoded) {
    let codec = Codec {
        encoding: if encoded.flags & 1 == 0 {
            Encoding::MessagePack
        } else {
            Encoding::Json
        },
        compress_above: None,
        max_size: usize::MAX,
    };
    let Some(value) = codec.decode::<T>(encoded) else {
        return;
    };
    assert!(KNOWN_FLAGS.contains(&encoded.flags), "another version's");
    let written = codec.encode(&value).expect("what was read can be written");
    let read: T = codec
        .decode(&written)
        .expect("what was written can be read");
    // By their bytes, so that a NaN equals itself.
    let again = codec.encode(&read).expect("it can be written again");
    assert_eq!(again.payload, written.payload);
}

/// How an instance may be configured.
#[derive(Arbitrary, Debug)]
struct Settings {
    json: bool,
    compress_above: Option<u8>,
    /// By how much less a value may have than the sample, or more.
    room: i8,
}

impl Settings {
    /// The value as it would be stored, and by whom, unless it is too large or nested too deeply.
    fn store(&self, sample: &Sample) -> Option<(Codec, Encoded)> {
        let mut codec = Codec {
            encoding: if self.json {
                Encoding::Json
            } else {
                Encoding::MessagePack
            },
            compress_above: None,
            max_size: usize::MAX,
        };
        assert!(codec.fits(sample), "everything fits");
        let size = match codec.encode(sample) {
            Ok(encoded) => encoded.payload.len(),
            Err(error) => {
                assert!(error.to_string().contains("nested"), "{error}");
                return None;
            }
        };
        codec.compress_above = self.compress_above.map(usize::from);
        codec.max_size = size.saturating_add_signed(self.room.into());
        let is_small_enough = size <= codec.max_size;
        assert_eq!(codec.fits(sample), is_small_enough);
        match codec.encode(sample) {
            Ok(encoded) => {
                assert!(is_small_enough, "what is too large is not stored");
                assert!(encoded.payload.len() <= size, "compression gains");
                assert!(KNOWN_FLAGS.contains(&encoded.flags));
                Some((codec, encoded))
            }
            Err(error) => {
                let limit = codec.max_size;
                assert!(!is_small_enough, "{error}");
                assert!(matches!(error, EncodeError::TooLarge { limit: told } if told == limit));
                None
            }
        }
    }
}

#[derive(Arbitrary, Serialize, Deserialize, Clone, PartialEq, Debug)]
enum Kind {
    Unit,
    Newtype(u32),
    Tuple(i16, String),
    Struct { number: Number, flag: bool },
}

#[derive(Serialize, Deserialize, Clone, PartialEq, Debug)]
enum Tree {
    Leaf,
    Branch(Box<Tree>),
    Branches(Vec<Tree>),
}

/// A number that JSON knows.
#[derive(Serialize, Deserialize, Clone, PartialEq, Debug)]
struct Number(f64);

impl<'a> Arbitrary<'a> for Number {
    fn arbitrary(choices: &mut Unstructured<'a>) -> arbitrary::Result<Self> {
        let number = f64::arbitrary(choices)?;
        Ok(Self(if number.is_finite() { number } else { 0.5 }))
    }
}

/// One of everything that services keep.
#[derive(Arbitrary, Serialize, Deserialize, Clone, PartialEq, Debug)]
struct Sample {
    flag: bool,
    small: i8,
    large: u64,
    signed: i64,
    price: Number,
    letter: char,
    name: String,
    bytes: Vec<u8>,
    maybe: Option<u32>,
    pair: (u16, String),
    list: Vec<Kind>,
    table: BTreeMap<String, i64>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    left_out: Vec<Number>,
    nested: Option<Box<Sample>>,
}
