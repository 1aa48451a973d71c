//! How values become bytes for L2: self-describing, and compressed above a threshold.

use bytes::Bytes;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::config::Encoding;

mod json;
pub(crate) mod message_pack;

/// How deeply a value may be nested: `serde_json` reads no deeper, and a stack has room for it.
const DEEPEST: usize = 127;

/// Most values are no larger when encoded, and get their memory at once.
const SMALL: usize = 512;

/// The flags name the encoding, and one bit of them says that the payload is compressed.
const MESSAGE_PACK: u8 = 0;
const JSON: u8 = 1;
const LZ4: u8 = 0b1000;

/// LZ4 cannot shrink more than this; a payload that claims more is damaged.
const LZ4_MAX_RATIO: usize = 255;

/// An encoded value, with the flags that say how to decode it.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Encoded {
    pub(crate) flags: u8,
    pub(crate) payload: Bytes,
}

/// Why a value is not stored.
#[derive(Debug, thiserror::Error)]
pub(crate) enum EncodeError {
    #[error("it has more than {limit} bytes when encoded")]
    TooLarge { limit: usize },
    #[error(transparent)]
    Invalid(Box<dyn std::error::Error + Send + Sync>),
}

/// Encodes values as one instance is configured to.
#[derive(Copy, Clone, Debug)]
pub(crate) struct Codec {
    pub(crate) encoding: Encoding,
    /// Compress what is larger than this many bytes; `None` never compresses.
    pub(crate) compress_above: Option<usize>,
    /// A value of more encoded bytes is not cached, and none is made of a payload that is compressed.
    pub(crate) max_size: usize,
}

impl Codec {
    pub(crate) fn encode<T: Serialize + ?Sized>(&self, value: &T) -> Result<Encoded, EncodeError> {
        let invalid = |error: Box<dyn std::error::Error + Send + Sync>| EncodeError::Invalid(error);
        let (flags, payload) = match self.encoding {
            Encoding::MessagePack => {
                let mut payload = Vec::with_capacity(SMALL);
                rmp_serde::encode::write_named(&mut payload, value)
                    .map_err(|e| invalid(e.into()))?;
                (MESSAGE_PACK, payload)
            }
            Encoding::Json => {
                let payload = serde_json::to_vec(value).map_err(|e| invalid(e.into()))?;
                (JSON, payload)
            }
        };
        if payload.len() > self.max_size {
            return Err(EncodeError::TooLarge {
                limit: self.max_size,
            });
        }
        let readable = match self.encoding {
            Encoding::MessagePack => message_pack::is_sound(&payload),
            Encoding::Json => json::is_shallow(&payload),
        };
        if !readable {
            let deep = format!("it is nested more than {DEEPEST} deep");
            return Err(EncodeError::Invalid(deep.into()));
        }
        if self
            .compress_above
            .is_some_and(|threshold| payload.len() > threshold)
        {
            let compressed = lz4_flex::compress_prepend_size(&payload);
            if compressed.len() < payload.len() {
                return Ok(Encoded {
                    flags: flags | LZ4,
                    payload: compressed.into(),
                });
            }
        }
        Ok(Encoded {
            flags,
            payload: payload.into(),
        })
    }

    /// Decodes a value, however it was encoded; `None` when it cannot be decoded as a `T`, has a
    /// flag that is not known here, or would become larger than what is cached here: a small
    /// payload may claim to be the compressed form of 255 times as much.
    pub(crate) fn decode<T: DeserializeOwned>(&self, encoded: &Encoded) -> Option<T> {
        let payload = || match encoded.flags & LZ4 {
            0 => Some(encoded.payload.clone()),
            _ => decompress(&encoded.payload, self.max_size),
        };
        match encoded.flags & !LZ4 {
            MESSAGE_PACK => {
                let payload = payload().filter(|payload| message_pack::is_sound(payload))?;
                rmp_serde::from_slice(&payload).ok()
            }
            JSON => serde_json::from_slice(&payload()?).ok(),
            _ => None,
        }
    }

    /// Whether a value that is not going to be encoded is small enough to be cached. One that
    /// cannot be encoded has no size.
    pub(crate) fn fits<T: Serialize + ?Sized>(&self, value: &T) -> bool {
        let mut room = Room(self.max_size);
        let encoded = match self.encoding {
            Encoding::MessagePack => rmp_serde::encode::write_named(&mut room, value).is_ok(),
            Encoding::Json => serde_json::to_writer(&mut room, value).is_ok(),
        };
        encoded || room.0 > 0
    }
}

/// Takes so many bytes, and keeps none of them.
struct Room(usize);

impl std::io::Write for Room {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        match self.0.checked_sub(bytes.len()) {
            Some(left) => {
                self.0 = left;
                Ok(bytes.len())
            }
            None => {
                self.0 = 0;
                Err(std::io::ErrorKind::FileTooLarge.into())
            }
        }
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn decompress(payload: &[u8], max_size: usize) -> Option<Bytes> {
    let (size, block) = lz4_flex::block::uncompressed_size(payload).ok()?;
    if size > max_size || size > block.len().saturating_mul(LZ4_MAX_RATIO) {
        return None;
    }
    lz4_flex::decompress(block, size).ok().map(Bytes::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codec(encoding: Encoding, compress_above: Option<usize>) -> Codec {
        Codec {
            encoding,
            compress_above,
            max_size: 1_000_000,
        }
    }

    #[test]
    fn every_encoding_is_read_back_whatever_is_configured_now() {
        let value = vec![("a".repeat(300), 1_u64), ("b".repeat(300), 2)];
        for encoding in [Encoding::MessagePack, Encoding::Json] {
            for threshold in [None, Some(100), Some(1_000_000)] {
                let encoded = codec(encoding, threshold).encode(&value).unwrap();
                assert_eq!(encoded.flags & LZ4 != 0, threshold == Some(100));
                assert_eq!(
                    codec(encoding, None)
                        .decode::<Vec<(String, u64)>>(&encoded)
                        .unwrap(),
                    value
                );
            }
        }
    }

    #[test]
    fn a_value_is_as_large_as_its_encoding() {
        for encoding in [Encoding::MessagePack, Encoding::Json] {
            let mut codec = codec(encoding, None);
            let value = "x".repeat(500);
            codec.max_size = codec.encode(&value).unwrap().payload.len();
            assert!(codec.fits(&value));
            codec.max_size -= 1;
            assert!(!codec.fits(&value));
            let refused = codec.encode(&value);
            assert!(matches!(refused, Err(EncodeError::TooLarge { .. })));
        }
    }

    /// What it claims decides before any memory is taken.
    #[test]
    fn nothing_grows_beyond_the_largest_value_when_it_is_decoded() {
        let value = "x".repeat(500);
        for encoding in [Encoding::MessagePack, Encoding::Json] {
            let mut codec = codec(encoding, Some(100));
            let encoded = codec.encode(&value).unwrap();
            assert_ne!(encoded.flags & LZ4, 0);
            codec.max_size = uncompressed(&encoded);
            assert_eq!(codec.decode::<String>(&encoded), Some(value.clone()));
            codec.max_size -= 1;
            assert_eq!(codec.decode::<String>(&encoded), None);
        }
    }

    fn uncompressed(encoded: &Encoded) -> usize {
        lz4_flex::block::uncompressed_size(&encoded.payload)
            .unwrap()
            .0
    }

    #[derive(serde::Serialize, serde::Deserialize, Debug)]
    enum Nested {
        In(Box<Nested>),
        End,
    }

    /// A stack that overflows ends the process.
    #[test]
    fn what_is_nested_deeply_is_neither_encoded_nor_decoded() {
        let nested = |depth| (0..depth).fold(Nested::End, |inner, _| Nested::In(inner.into()));
        for encoding in [Encoding::MessagePack, Encoding::Json] {
            let codec = codec(encoding, None);
            let encode = |depth| codec.encode(&nested(depth));
            assert!(codec.decode::<Nested>(&encode(DEEPEST).unwrap()).is_some());
            let refused = encode(DEEPEST + 1).unwrap_err();
            assert_eq!(refused.to_string(), "it is nested more than 127 deep");
        }
        let branch = rmp_serde::to_vec_named(&nested(1)).unwrap();
        let end = rmp_serde::to_vec_named(&Nested::End).unwrap();
        let endless = branch[..branch.len() - end.len()].repeat(100_000);
        let encoded = |payload: Vec<u8>| Encoded {
            flags: MESSAGE_PACK,
            payload: payload.into(),
        };
        let codec = codec(Encoding::MessagePack, None);
        let endless = encoded([endless, end].concat());
        assert!(codec.decode::<Nested>(&endless).is_none());
    }

    /// By less than the last digit, JSON once read another float than it was given.
    #[test]
    fn floats_are_read_back_exactly() {
        let floats = [
            1.2345678901234567e20,
            2.2250738585072014e-308,
            5e-324,
            0.1 + 0.2,
        ];
        for encoding in [Encoding::MessagePack, Encoding::Json] {
            let codec = codec(encoding, None);
            let encoded = codec.encode(&floats).unwrap();
            assert_eq!(codec.decode::<[f64; 4]>(&encoded), Some(floats));
        }
    }

    #[test]
    fn damaged_and_unknown_payloads_are_not_decoded() {
        let codec = codec(Encoding::Json, Some(1));
        let mut encoded = codec.encode(&"x".repeat(1000)).unwrap();
        encoded.payload = [&u32::MAX.to_le_bytes(), &encoded.payload[4..]]
            .concat()
            .into();
        assert_eq!(codec.decode::<String>(&encoded), None);
        let encoded = codec.encode("hello").unwrap();
        assert_eq!(encoded.flags & LZ4, 0);
        for unknown in [0b0000_0010, 0b0000_0111, 0b0001_0000, 0b1000_0000] {
            let flags = encoded.flags | unknown;
            let payload = encoded.payload.clone();
            assert_eq!(codec.decode::<String>(&Encoded { flags, payload }), None);
        }
    }
}
