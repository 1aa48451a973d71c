//! The keys of copies: how they are kept, hashed and told apart.

use std::hash::{Hash, Hasher};

use compact_str::CompactString;
use quick_cache::Equivalent;

use super::held::Held;

/// The key of a copy: in place while it is short, so that a look has one place less to fetch from
/// memory.
pub(super) struct Name(CompactString);

impl Name {
    pub(super) fn new(key: &str) -> Self {
        Self(key.into())
    }

    #[inline]
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }

    #[inline]
    pub(super) fn is(&self, key: &str) -> bool {
        are_same(self.0.as_bytes(), key.as_bytes())
    }
}

/// Hashes a key. (A `str` hashes its end as well, which only matters to what comes after it.) Up to
/// 16 bytes are hashed in place, and more by a call, which takes longer than hashing as many as most
/// keys have.
#[inline]
pub(super) fn hash<H: Hasher>(key: &str, state: &mut H) {
    let bytes = key.as_bytes();
    match ends::<16>(bytes) {
        Some((first, last)) if (17..=32).contains(&bytes.len()) => {
            // They overlap, so the length counts: else a letter that is repeated is always the same.
            state.write_u128(u128::from_ne_bytes(first));
            state.write_u128(u128::from_ne_bytes(last) ^ bytes.len() as u128);
        }
        _ => state.write(bytes),
    }
}

/// Whether these are the same: in registers while they are short, as keys are. Calling the C
/// library for it takes longer than comparing them.
#[inline]
fn are_same(one: &[u8], other: &[u8]) -> bool {
    if one.len() != other.len() {
        return false;
    }
    match one.len() {
        16..=32 => ends::<16>(one) == ends::<16>(other),
        8..16 => ends::<8>(one) == ends::<8>(other),
        _ => one == other,
    }
}

/// The first and the last bytes, which may overlap.
#[inline]
fn ends<const N: usize>(bytes: &[u8]) -> Option<([u8; N], [u8; N])> {
    Some((*bytes.first_chunk()?, *bytes.last_chunk()?))
}

/// Finds the copy of a key.
pub(super) struct Named<'a>(pub(super) &'a str);

impl Hash for Named<'_> {
    #[inline]
    fn hash<H: Hasher>(&self, state: &mut H) {
        hash(self.0, state);
    }
}

impl Equivalent<Held> for Named<'_> {
    #[inline]
    fn equivalent(&self, held: &Held) -> bool {
        held.name().is(self.0)
    }
}

#[cfg(test)]
mod tests {
    use std::hash::BuildHasher;

    use super::*;

    #[test]
    fn keys_of_one_letter_have_hashes_of_their_own() {
        let hasher = foldhash::fast::RandomState::default();
        let hashes = (1..70).map(|length| hasher.hash_one(Named(&"k".repeat(length))));
        let distinct: std::collections::HashSet<_> = hashes.collect();
        assert_eq!(distinct.len(), 69);
    }

    #[test]
    fn a_name_is_its_key_and_no_other_of_whatever_length() {
        for length in 0..70 {
            let key = "k".repeat(length);
            let name = Name::new(&key);
            assert_eq!(name.as_str(), key);
            assert!(name.is(&key));
            assert!(!name.is(&format!("{key}k")));
            for place in 0..length {
                let mut other = key.clone();
                other.replace_range(place..=place, "x");
                assert!(!name.is(&other), "{key} is {other}");
            }
        }
    }
}
