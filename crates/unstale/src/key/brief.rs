//! Keys in brief, by which they are found in L1.

use std::fmt;

use super::Text;

/// The length of a key, and its first and last 16 bytes: up to 32 bytes that is all of it, and tells
/// it from all others. In a shorter key these overlap. Of less than 16 bytes, the first are followed
/// by zeros, and the last come behind zeros.
///
/// That of a key of a typed space is gathered in registers, and its text is written only for who
/// needs it. A processor that reads across what it has just written piece by piece waits until all
/// of that, and whatever went before it, is done.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(crate) struct Brief {
    pub(crate) length: usize,
    pub(crate) first: u128,
    pub(crate) last: u128,
}

const END: usize = size_of::<u128>();

/// No text is as long.
const TOO_LONG: usize = 1 << (usize::BITS - 1);

impl Brief {
    #[inline]
    pub(crate) fn of(text: &str) -> Self {
        Self::of_long(text).unwrap_or_else(|| {
            let (length, first) = (text.len(), all_of(text.as_bytes()));
            Self {
                length,
                first,
                last: first.checked_shl(bits(END - length)).unwrap_or(0),
            }
        })
    }

    /// That of a text of at least 16 bytes.
    #[inline]
    pub(crate) fn of_long(text: &str) -> Option<Self> {
        let (first, last) = ends(text.as_bytes())?;
        Some(Self {
            length: text.len(),
            first: u128::from_le_bytes(first),
            last: u128::from_le_bytes(last),
        })
    }

    /// From here on it is not all of its key.
    #[inline]
    pub(super) fn give_up(&mut self) {
        self.length |= TOO_LONG;
    }

    /// The key, if this is all of it.
    pub(crate) fn text(&self) -> Option<String> {
        let (first, last) = (self.first.to_le_bytes(), self.last.to_le_bytes());
        let first = first.get(..self.length.min(END))?;
        let behind = self.length - first.len();
        let last = last.get(END.checked_sub(behind)?..)?;
        String::from_utf8([first, last].concat()).ok()
    }

    /// Whether it is all of its key.
    #[inline]
    pub(crate) fn is_whole(&self) -> bool {
        self.length <= 2 * END
    }
}

impl Text for Brief {
    #[inline]
    fn push(&mut self, text: &str) {
        let added = Self::of(text);
        // What is shifted by all 16 bytes or more is gone.
        self.first |= added.first.checked_shl(bits(self.length)).unwrap_or(0);
        self.last = self.last.checked_shr(bits(added.length)).unwrap_or(0) | added.last;
        self.length += added.length;
    }

    #[inline]
    fn formatted(&mut self) -> Option<&mut dyn fmt::Write> {
        self.give_up();
        None
    }
}

/// So many bytes in bits; more than a shift can have if there are too many.
#[inline]
fn bits(bytes: usize) -> u32 {
    8 * bytes.min(END) as u32
}

/// Less than 16 bytes, followed by zeros.
#[inline]
fn all_of(bytes: &[u8]) -> u128 {
    if let Some((first, last)) = ends(bytes) {
        let (first, last) = (u64::from_le_bytes(first), u64::from_le_bytes(last));
        u128::from(first) | u128::from(last) << bits(bytes.len() - size_of_val(&last))
    } else if let Some((first, last)) = ends(bytes) {
        let (first, last) = (u32::from_le_bytes(first), u32::from_le_bytes(last));
        let all = u64::from(first) | u64::from(last) << bits(bytes.len() - size_of_val(&last));
        all.into()
    } else {
        let backwards = bytes.iter().rev();
        backwards.fold(0, |all, byte| all << 8 | u128::from(*byte))
    }
}

/// The first and the last bytes, which may overlap, if there are as many.
#[inline]
pub(crate) fn ends<const N: usize>(bytes: &[u8]) -> Option<([u8; N], [u8; N])> {
    Some((*bytes.first_chunk()?, *bytes.last_chunk()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    const LETTERS: &str = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

    #[test]
    fn a_text_is_no_other_however_many_zeros_it_ends_or_begins_with() {
        let texts = [
            "", "\0", "\0\0", "a", "a\0", "\0a", "\0a\0", "\u{e9}\0", "\0\u{e9}",
        ];
        for (place, text) in texts.iter().enumerate() {
            assert_eq!(Brief::of(text).text().as_deref(), Some(*text));
            for other in &texts[..place] {
                assert_ne!(Brief::of(text), Brief::of(other), "{text:?} and {other:?}");
            }
        }
    }

    #[test]
    fn both_ends_are_the_bytes_of_the_text() {
        for length in 0..LETTERS.len() {
            let text = &LETTERS[..length];
            let (mut first, mut last) = ([0; END], [0; END]);
            let part = length.min(END);
            first[..part].copy_from_slice(&text.as_bytes()[..part]);
            last[END - part..].copy_from_slice(&text.as_bytes()[length - part..]);
            let expected = Brief {
                length,
                first: u128::from_le_bytes(first),
                last: u128::from_le_bytes(last),
            };
            assert_eq!(Brief::of(text), expected, "{text}");
            assert_eq!(expected.is_whole(), length <= 32);
            assert_eq!(expected.text().as_deref(), (length <= 32).then_some(text));
        }
    }

    #[test]
    fn it_is_the_same_in_whatever_pieces_the_text_came() {
        for length in 0..LETTERS.len() {
            let text = &LETTERS[..length];
            for one in 0..=length {
                for other in one..=length {
                    let mut brief = Brief::of(&text[..one]);
                    brief.push(&text[one..other]);
                    brief.push(&text[other..]);
                    assert_eq!(brief, Brief::of(text), "{text} cut at {one} and {other}");
                }
            }
        }
    }
}
