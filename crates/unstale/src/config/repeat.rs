//! What of a text that somebody wrote may be repeated in an error.

use std::borrow::Cow;

/// The longest name of a setting is a little shorter.
const LONGEST_NAME: usize = 40;

/// The longest value worth repeating.
const LONGEST_VALUE: usize = 24;

/// The longest pattern or variable that is repeated whole.
const LONGEST_LINE: usize = 120;

/// What stands for a text that is not repeated.
const HIDDEN: &str = "\u{2026}";

/// Whether a value cannot be a connection string that landed in the wrong place.
pub(super) fn is_harmless(value: &str) -> bool {
    is_plain(value, LONGEST_VALUE)
}

/// The name of a setting. What cannot be a misspelt one may be a connection string.
pub(super) fn name(written: &str) -> &str {
    if is_plain(written, LONGEST_NAME) {
        written
    } else {
        HIDDEN
    }
}

/// A text that is no secret, in one line.
pub(crate) fn line(written: &str) -> Cow<'_, str> {
    let unusual = |c: char| c.is_control();
    if written.len() <= LONGEST_LINE && !written.contains(unusual) {
        return written.into();
    }
    let mut line = String::new();
    for (index, c) in written.chars().enumerate() {
        match c {
            _ if index == LONGEST_LINE => {
                line.push_str(HIDDEN);
                break;
            }
            c if unusual(c) => line.extend(c.escape_debug()),
            c => line.push(c),
        }
    }
    line.into()
}

fn is_plain(text: &str, longest: usize) -> bool {
    text.len() <= longest
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b" .:-_+".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_may_be_a_name_is_repeated_as_one() {
        for plain in ["MaxStalenes", "EnableEffectivenessMetricss", "a:b", ""] {
            assert_eq!(name(plain), plain);
        }
        for other in ["h,password=x", "redis://:x@h", "a\nb", &"x".repeat(41)] {
            assert_eq!(name(other), HIDDEN);
        }
    }

    #[test]
    fn a_line_is_one_and_short() {
        assert_eq!(line("stock:*"), "stock:*");
        assert_eq!(line("caf\u{e9}:*"), "caf\u{e9}:*");
        assert_eq!(line("a\nb\u{1b}"), "a\\nb\\u{1b}");
        let long = line(&"x".repeat(500)).into_owned();
        assert_eq!(long.chars().count(), LONGEST_LINE + 1);
        assert!(long.ends_with(HIDDEN));
    }
}
