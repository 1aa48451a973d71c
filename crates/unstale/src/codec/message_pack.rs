//! A look at MessagePack before it is read.
//!
//! `rmp_serde` counts how deeply arrays and maps are nested, but not enums, and allows more than a
//! thread's stack may have room for: a few kilobytes of a damaged record would end the process.

use arrayvec::ArrayVec;

use super::DEEPEST;

/// Whether a payload is one value, whole, and not nested too deeply.
pub(crate) fn is_sound(payload: &[u8]) -> bool {
    walk(payload).is_some_and(<[u8]>::is_empty)
}

/// What follows the first value of the payload.
fn walk(payload: &[u8]) -> Option<&[u8]> {
    let mut rest = payload;
    // How many values are still to come in each array and map that has begun.
    let mut open = ArrayVec::<u64, DEEPEST>::new();
    loop {
        let (values, behind) = step(rest)?;
        rest = behind;
        if values > 0 {
            open.try_push(values).ok()?;
            continue;
        }
        loop {
            match open.last_mut() {
                None => return Some(rest),
                Some(1) => drop(open.pop()),
                Some(left) => {
                    *left -= 1;
                    break;
                }
            }
        }
    }
}

/// Goes past a marker and what belongs to it: how many values it holds, and what follows.
fn step(payload: &[u8]) -> Option<(u64, &[u8])> {
    let (&marker, rest) = payload.split_first()?;
    let skipped = |length: u64, rest| Some((0, skip(rest, length)?));
    match marker {
        0x00..=0x7f | 0xc0 | 0xc2 | 0xc3 | 0xe0..=0xff => Some((0, rest)),
        0x80..=0x8f => Some((2 * u64::from(marker & 0x0f), rest)),
        0x90..=0x9f => Some((u64::from(marker & 0x0f), rest)),
        0xa0..=0xbf => skipped(u64::from(marker & 0x1f), rest),
        // Nobody writes this one.
        0xc1 => None,
        // Bytes, extensions with a byte for their type, and texts, by the size of their length.
        0xc4..=0xc6 => number(rest, 1 << (marker - 0xc4)).and_then(|(n, rest)| skipped(n, rest)),
        0xc7..=0xc9 => {
            number(rest, 1 << (marker - 0xc7)).and_then(|(n, rest)| skipped(n + 1, rest))
        }
        0xd9..=0xdb => number(rest, 1 << (marker - 0xd9)).and_then(|(n, rest)| skipped(n, rest)),
        // Numbers.
        0xca => skipped(4, rest),
        0xcb => skipped(8, rest),
        0xcc..=0xcf => skipped(1 << (marker - 0xcc), rest),
        0xd0..=0xd3 => skipped(1 << (marker - 0xd0), rest),
        // Short extensions.
        0xd4..=0xd8 => skipped(1 + (1 << (marker - 0xd4)), rest),
        0xdc | 0xdd => number(rest, 2 << (marker - 0xdc)),
        0xde | 0xdf => number(rest, 2 << (marker - 0xde)).map(|(n, rest)| (2 * n, rest)),
    }
}

/// Reads a length of so many bytes.
fn number(payload: &[u8], bytes: usize) -> Option<(u64, &[u8])> {
    let (digits, rest) = payload.split_at_checked(bytes)?;
    let number = digits
        .iter()
        .fold(0, |number, digit| number << 8 | u64::from(*digit));
    Some((number, rest))
}

fn skip(payload: &[u8], length: u64) -> Option<&[u8]> {
    payload.get(usize::try_from(length).ok()?..)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_is_written_is_sound_and_nothing_less_of_it() {
        let table = std::collections::BTreeMap::from([("a", 1_u64), ("b", u64::MAX)]);
        let value = (
            table,
            vec![None, Some(0.5_f64), Some(-1e300)],
            (i8::MIN, i16::MIN, i32::MIN, i64::MIN, u16::MAX, u32::MAX),
            [
                "",
                "x",
                &"y".repeat(40),
                &"z".repeat(300),
                &"z".repeat(70_000),
            ],
            (vec![true; 20], vec![1.5_f32; 70_000], ()),
        );
        let payload = rmp_serde::to_vec_named(&value).unwrap();
        assert!(is_sound(&payload));
        for length in (0..300).chain(payload.len() - 300..payload.len()) {
            assert!(!is_sound(&payload[..length]));
        }
        assert!(!is_sound(&[&payload[..], &[0xc0]].concat()));
    }

    #[test]
    fn every_marker_has_its_length() {
        for (payload, sound) in [
            (&[0xc1][..], false),
            (&[0xc4, 2, 0, 0], true),
            (&[0xc5, 0, 2, 0, 0], true),
            (&[0xc6, 0, 0, 0, 2, 0, 0], true),
            (&[0xc7, 1, 9, 0], true),
            (&[0xc8, 0, 1, 9, 0], true),
            (&[0xc9, 0, 0, 0, 1, 9, 0], true),
            (&[0xd4, 9, 0], true),
            (&[0xd5, 9, 0, 0], true),
            (&[0xd6, 9, 0, 0, 0, 0], true),
            (&[0xd4, 9], false),
            (&[0xd9, 1, b'a'], true),
            (&[0xdc, 0, 1, 0xc0], true),
            (&[0xdd, 0, 0, 0, 1, 0xc0], true),
            (&[0xde, 0, 1, 0xc0, 0xc0], true),
            (&[0xdf, 0, 0, 0, 1, 0xc0, 0xc0], true),
            (&[0xdf, 0, 0, 0, 1, 0xc0], false),
            (&[0xdd, 0xff, 0xff, 0xff, 0xff, 0xc0], false),
            (&[0xc6, 0xff, 0xff, 0xff, 0xff, 0xc0], false),
        ] {
            assert_eq!(is_sound(payload), sound, "{payload:x?}");
        }
    }

    #[test]
    fn nothing_is_nested_too_deeply() {
        let nested = |depth: usize| [vec![0x91; depth], vec![0xc0]].concat();
        assert!(is_sound(&nested(DEEPEST)));
        assert!(!is_sound(&nested(DEEPEST + 1)));
        assert!(is_sound(&[0x93, 0x90, 0x91, 0xc0, 0x80]));
    }
}
