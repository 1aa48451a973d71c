//! Globs, and the keys and patterns that typed spaces make.

use arbitrary::{Arbitrary, Unstructured};

use crate::core::glob::reference;
use crate::glob::{Glob, escape};
use crate::key::{ANY, KeyPattern};

/// Long enough for what grows exponentially never to end.
const LONG: usize = 300;

/// The first line is a pattern, the rest a text.
pub(super) fn check(input: &[u8]) {
    if let Ok(text) = std::str::from_utf8(input) {
        let (pattern, text) = text.split_once('\n').unwrap_or((text, ""));
        means_the_same(pattern, text);
        ids_match_themselves(pattern, text, text);
    }
    let mut choices = Unstructured::new(input);
    let Ok((pattern, text, other)) = <(&str, &str, &str)>::arbitrary(&mut choices) else {
        return;
    };
    means_the_same(pattern, text);
    ids_match_themselves(pattern, text, other);
    // What is short and repeated is what backtracking is slow at.
    let times = |text: &str| LONG / text.len().max(1);
    let (long, longer) = (pattern.repeat(times(pattern)), text.repeat(times(text)));
    let found = Glob::parse(&long).matches(&longer);
    assert_eq!(found, reference::matches(&long, &longer));
}

fn means_the_same(pattern: &str, text: &str) {
    let glob = Glob::parse(pattern);
    assert_eq!(glob.as_str(), pattern);
    let prefix = glob.literal_prefix();
    for text in [text, prefix, &[prefix, text].concat()] {
        let matches = glob.matches(text);
        assert_eq!(matches, reference::matches(pattern, text), "{text:?}");
        if matches {
            assert!(text.starts_with(prefix));
            assert!(text.len() >= glob.literal_len());
        }
        if let Some(literal) = glob.as_literal() {
            assert_eq!(matches, text == literal, "{text:?}");
        }
        if let Some(prefix) = glob.as_prefix() {
            assert_eq!(matches, text.starts_with(prefix), "{text:?}");
        }
    }
    let literal = escape(text);
    let literal = Glob::parse(&literal);
    assert_eq!(literal.as_literal(), Some(text));
    assert_eq!(literal.matches(pattern), pattern == text);
}

/// A space's pattern with some of a key's ids in it covers that key, and with all of them nothing
/// else.
fn ids_match_themselves(space: &str, one: &str, other: &str) {
    let pattern = KeyPattern::new(space);
    let key = pattern.key(&(one, other));
    let key = key.as_str();
    let covers = |glob: &str| Glob::parse(glob).matches(key);
    assert!(covers(pattern.glob(&(one, ANY)).as_str()), "{key:?}");
    assert!(covers(pattern.glob(&(ANY, other)).as_str()), "{key:?}");
    assert!(covers(pattern.glob(&(ANY, ANY)).as_str()), "{key:?}");
    let exact = pattern.glob(&(one, other));
    if pattern.as_str().matches('*').count() <= 2 {
        assert_eq!(Glob::parse(exact.as_str()).as_literal(), Some(key));
    }
}
