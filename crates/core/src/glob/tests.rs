use super::*;
use proptest::prelude::*;

fn matches(pattern: &str, text: &str) -> bool {
    Glob::parse(pattern).matches(text)
}

#[test]
fn wildcards() {
    assert!(matches("*", ""));
    assert!(matches("**", "a"));
    assert!(matches("a*", "a"));
    assert!(matches("a*c*e", "abcde"));
    assert!(matches("a*bc", "abbcbc"));
    assert!(!matches("a*bc", "abcb"));
    assert!(matches("h?llo", "hello"));
    assert!(!matches("h?llo", "hllo"));
    assert!(!matches("", "a"));
    assert!(matches("", ""));
}

#[test]
fn classes() {
    assert!(matches("h[ae]llo", "hallo"));
    assert!(!matches("h[ae]llo", "hillo"));
    assert!(matches("h[^e]llo", "hallo"));
    assert!(!matches("h[^e]llo", "hello"));
    assert!(matches("v[0-9]", "v7"));
    assert!(matches("v[9-0]", "v7"), "a range may be written backwards");
    assert!(matches(r"a[\]x]", "a]"));
}

#[test]
fn malformed_classes_read_as_in_redis() {
    assert!(!matches("a[]b", "axb"), "an empty class matches nothing");
    assert!(matches("a[^]b", "axb"), "its inverse matches anything");
    assert!(matches("a[bc", "ac"), "an unclosed class runs to the end");
    assert!(!matches("a[bc", "a[bc"));
    assert!(!matches("[", "["));
    assert!(matches("[^", "x"));
    assert!(matches("[a-]", "`"), "`]` can end a range");
    assert!(matches(r"a\", r"a\"), "a final backslash is itself");
    assert!(matches(r"[\", r"\"));
}

#[test]
fn letters_outside_ascii_are_several_bytes() {
    assert!(matches("caf\u{e9}:*", "caf\u{e9}:1"));
    assert!(matches("caf??", "caf\u{e9}"));
    assert!(matches("\\\u{e9}", "\u{e9}"));
}

#[test]
fn prefixes_and_literals_are_told_apart_and_unescaped() {
    assert_eq!(Glob::parse("a:b:*").as_prefix(), Some("a:b:"));
    assert_eq!(Glob::parse("a:b:**").as_prefix(), Some("a:b:"));
    assert_eq!(Glob::parse(r"a\*:*").as_prefix(), Some("a*:"));
    assert_eq!(Glob::parse("*").as_prefix(), Some(""));
    for other in ["a:b", "a:*:b", "a?*", "a[b]*", r"a\*", "a*?"] {
        assert_eq!(Glob::parse(other).as_prefix(), None, "{other}");
    }
    assert_eq!(Glob::parse(r"a\*b").as_literal(), Some("a*b"));
    assert_eq!(Glob::parse("a*").as_literal(), None);
    assert_eq!(Glob::parse(r"a\?b?c").literal_prefix(), "a?b");
    assert_eq!(Glob::parse(r"a\?b?c").literal_len(), 4);
}

#[test]
fn an_abusive_pattern_is_answered_at_once() {
    let pattern = "a*".repeat(200) + "b";
    assert!(!matches(&pattern, &"a".repeat(5_000)));
}

#[test]
fn it_shows_and_compares_as_written() {
    let glob = Glob::parse(r"a\*[b");
    assert_eq!(glob.to_string(), r"a\*[b");
    assert_eq!(format!("{glob:?}"), r#"Glob("a\\*[b")"#);
    assert_eq!(glob, Glob::parse(r"a\*[b"));
    assert_ne!(glob, Glob::parse("a*"));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4_000, failure_persistence: None, ..Default::default() })]

    #[test]
    fn agrees_with_the_definition(
        pattern in r"[abc*?\[\]^\\\-\u{e9}]{0,10}",
        text in r"[abc\[\]\\\-\u{e9}]{0,8}",
    ) {
        prop_assert_eq!(matches(&pattern, &text), reference::matches(&pattern, &text));
    }

    #[test]
    fn an_escaped_text_matches_itself_only(text in r"[ab*?\[\]^\\\-]{0,8}", other in r"[ab*?\[\]^\\\-]{0,8}") {
        let glob = Glob::parse(&escape(&text));
        prop_assert_eq!(glob.as_literal(), Some(&*text));
        prop_assert!(glob.matches(&text));
        prop_assert_eq!(glob.matches(&other), text == other);
    }

    #[test]
    fn every_match_begins_with_the_literal_prefix(
        pattern in r"[ab*?\[\]\\]{0,8}",
        text in r"[ab\[\\]{0,6}",
    ) {
        let glob = Glob::parse(&pattern);
        if glob.matches(&text) {
            prop_assert!(text.starts_with(glob.literal_prefix()));
        }
    }
}
