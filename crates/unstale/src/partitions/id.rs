//! Which partition a key belongs to.

use std::fmt;
use std::str::FromStr;

use crc::{CRC_16_XMODEM, Crc};

use crate::config::RedisConfig;

/// What Redis Cluster hashes keys by. Every instance, version and platform has to agree on it.
pub(super) const CHECKSUM: Crc<u16> = Crc::<u16>::new(&CRC_16_XMODEM);

/// One partition among how many: of another number of them it is another one, which shares nothing
/// with this one.
#[derive(Copy, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) struct PartitionId {
    of: u32,
    index: u32,
}

impl PartitionId {
    /// The only one there is.
    pub(crate) const ONLY: Self = Self { of: 1, index: 0 };

    /// The first of so many.
    pub(crate) fn first(of: u32) -> Self {
        Self {
            of: of.max(1),
            index: 0,
        }
    }

    /// All of so many.
    pub(crate) fn all(of: u32) -> impl Iterator<Item = Self> {
        (0..of).map(move |index| Self { of, index })
    }

    /// Where a key belongs among so many.
    pub(crate) fn of_key(key: &str, of: u32) -> Self {
        let index = match of {
            0 | 1 => 0,
            of => u32::from(CHECKSUM.checksum(key.as_bytes())) % of,
        };
        Self { of, index }
    }

    /// Whether a key belongs here.
    pub(crate) fn holds(self, key: &str) -> bool {
        self == Self::of_key(key, self.of)
    }

    /// How many there are.
    pub(crate) fn of(self) -> u32 {
        self.of
    }

    /// Its place among them.
    pub(crate) fn index(self) -> usize {
        self.index as usize
    }

    pub(crate) fn is_only(self) -> bool {
        self == Self::ONLY
    }
}

/// As the names of its keys on the server and tokens have it: `0` if it is the only one, `3/4` for
/// the last of four.
impl fmt::Display for PartitionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.of {
            1 => write!(f, "{}", self.index),
            of => write!(f, "{}/{of}", self.index),
        }
    }
}

/// Reads `3/4`; the only one is never written.
impl FromStr for PartitionId {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (index, of) = text.split_once('/').ok_or(())?;
        let (index, of): (u32, u32) = (index.parse().map_err(drop)?, of.parse().map_err(drop)?);
        let can_be = (2..=RedisConfig::MOST_PARTITIONS).contains(&of) && index < of;
        can_be.then_some(Self { of, index }).ok_or(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The test vector of the algorithm, and slots that `CLUSTER KEYSLOT` gives.
    #[test]
    fn keys_are_hashed_as_redis_cluster_does() {
        assert_eq!(CHECKSUM.checksum(b"123456789"), 0x31c3);
        let slot = |key: &str| CHECKSUM.checksum(key.as_bytes()) % 16384;
        assert_eq!((slot("somekey"), slot("foo")), (11058, 12182));
    }

    /// Changing any of these would tear every namespace of several partitions apart.
    #[test]
    fn a_key_stays_where_it_is() {
        let at = |key, of| PartitionId::of_key(key, of).to_string();
        assert_eq!(at("stock:price:MSFT", 1), "0");
        assert_eq!(at("123456789", 4), "3/4");
        assert_eq!(at("123456789", 64), "3/64");
        assert_eq!(at("123456789", 3), "1/3");
        assert_eq!(at("somekey", 16), "2/16");
    }

    #[test]
    fn keys_are_spread_evenly() {
        let mut held = [0_u32; 7];
        for id in 0..7_000 {
            held[PartitionId::of_key(&format!("product:{id}"), 7).index()] += 1;
        }
        assert!(
            held.iter().all(|held| (900..1_100).contains(held)),
            "{held:?}"
        );
    }

    #[test]
    fn what_cannot_be_is_not_read() {
        assert_eq!("3/4".parse(), Ok(PartitionId { of: 4, index: 3 }));
        for text in ["", "0", "0/1", "4/4", "0/65", "-1/4", "1/", "/4", "1/4/4"] {
            assert_eq!(text.parse::<PartitionId>(), Err(()), "{text}");
        }
    }
}
