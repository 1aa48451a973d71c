//! The keys of copies: how they are kept, looked for, hashed and told apart.

use std::hash::{Hash, Hasher};

use compact_str::CompactString;
use quick_cache::Equivalent;

use super::held::Held;
use crate::key::{Brief, ends};

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

    /// In registers while they are short, as keys are. Calling the C library for it takes longer than
    /// comparing them.
    #[inline]
    fn is(&self, key: &str) -> bool {
        let (own, key) = (self.as_str().as_bytes(), key.as_bytes());
        own.len() == key.len()
            && match own.len() {
                16..=32 => ends::<16>(own) == ends::<16>(key),
                8..16 => ends::<8>(own) == ends::<8>(key),
                _ => own == key,
            }
    }

    #[inline]
    fn is_in_brief(&self, key: &Brief) -> bool {
        let own = self.as_str();
        own.len() == key.length && Brief::of(own) == *key
    }
}

/// What copies are looked for by: a key, in one form or the other.
pub(crate) trait Sought: Hash + Equivalent<Held> {
    /// The key.
    fn text(&self) -> Option<String>;
}

/// A key by its text. Where that is, is looked up where it was noted: a processor that copies what
/// it has just written waits for longer than the copy is looked for.
pub(crate) struct Named<'a>(pub(crate) &'a &'a str);

impl Sought for Named<'_> {
    fn text(&self) -> Option<String> {
        Some((*self.0).to_owned())
    }
}

/// A key of which there is no text, because it is short.
pub(crate) struct InBrief(Brief);

impl InBrief {
    /// None if the brief is not all of it.
    #[inline]
    pub(crate) fn of(brief: Brief) -> Option<Self> {
        brief.is_whole().then_some(Self(brief))
    }
}

impl Sought for InBrief {
    fn text(&self) -> Option<String> {
        self.0.text()
    }
}

impl Hash for Named<'_> {
    #[inline]
    fn hash<H: Hasher>(&self, state: &mut H) {
        match Brief::of_long(self.0).and_then(InBrief::of) {
            Some(usual) => usual.hash(state),
            None => self.hash_unusual(state),
        }
    }
}

impl Named<'_> {
    /// Apart, so that keys of a usual length are hashed in place. (A `str` hashes its end as well, which
    /// only matters to what comes after it.)
    #[inline(never)]
    fn hash_unusual<H: Hasher>(&self, state: &mut H) {
        match InBrief::of(Brief::of(self.0)) {
            Some(short) => short.hash(state),
            None => state.write(self.0.as_bytes()),
        }
    }
}

impl Hash for InBrief {
    #[inline]
    fn hash<H: Hasher>(&self, state: &mut H) {
        let Brief {
            length,
            first,
            last,
        } = self.0;
        state.write_u128(first);
        if length > size_of_val(&first) {
            // They overlap, so the length counts: else a letter that is repeated is always the same.
            // (Of shorter keys, those hash alike that differ in how many zeros they end with.)
            state.write_u128(last ^ length as u128);
        }
    }
}

impl Equivalent<Held> for Named<'_> {
    #[inline]
    fn equivalent(&self, held: &Held) -> bool {
        held.name().is(self.0)
    }
}

impl Equivalent<Held> for InBrief {
    #[inline]
    fn equivalent(&self, held: &Held) -> bool {
        held.name().is_in_brief(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use std::hash::BuildHasher;

    use super::*;

    #[test]
    fn keys_of_one_letter_have_hashes_of_their_own() {
        let hasher = foldhash::fast::RandomState::default();
        let hashes = (1..70).map(|length| hasher.hash_one(Named(&&*"k".repeat(length))));
        let distinct: std::collections::HashSet<_> = hashes.collect();
        assert_eq!(distinct.len(), 69);
    }

    #[test]
    fn a_key_in_brief_finds_what_its_text_finds() {
        let hasher = foldhash::fast::RandomState::default();
        let key: String = ('!'..'~').cycle().take(70).collect();
        for length in 0..key.len() {
            let (key, longer) = (&key[..length], &key[..=length]);
            let Some(brief) = InBrief::of(Brief::of(key)) else {
                assert!(length > 32);
                continue;
            };
            assert_eq!(hasher.hash_one(&brief), hasher.hash_one(Named(&key)));
            assert!(Name::new(key).is_in_brief(&brief.0));
            assert!(!Name::new(longer).is_in_brief(&brief.0));
            for place in 0..length {
                let mut other = key.to_owned();
                other.replace_range(place..=place, "~");
                assert!(!Name::new(&other).is_in_brief(&brief.0), "{key} is {other}");
            }
        }
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
