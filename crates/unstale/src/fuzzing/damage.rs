//! Damage: what is almost well-formed.

use arbitrary::{Arbitrary, Unstructured};

/// Each is the one before with one byte overwritten, or with less or more at its end.
const MOST: usize = 8;

/// Hands out a text again and again, each time damaged a little more.
pub(super) fn damage(whole: &[u8], choices: &mut Unstructured<'_>, mut with: impl FnMut(&[u8])) {
    let mut damaged = whole.to_vec();
    for _ in 0..MOST {
        let Ok((place, byte)) = <(u16, u8)>::arbitrary(choices) else {
            return;
        };
        if choices.is_empty() {
            return;
        }
        let end = damaged.len();
        let place = usize::from(place) % (end + 2);
        match damaged.get_mut(place) {
            Some(there) => *there = byte,
            None if place == end => damaged.push(byte),
            None => damaged.truncate(usize::from(byte)),
        }
        with(&damaged);
    }
}
