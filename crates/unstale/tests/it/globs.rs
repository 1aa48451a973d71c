//! Patterns mean what they mean to a real server: `KEYS` and `Glob` pick the same keys.

use std::cell::Cell;
use std::collections::BTreeSet;

use proptest::prelude::*;
use proptest::test_runner::{RngAlgorithm, TestRng, TestRunner};
use testbed::{Server, Value};
use unstale::glob::Glob;

/// Everything that means something in a pattern, something plain, and a letter of two bytes.
const LETTERS: [char; 12] = [
    'a', 'b', 'c', ':', '*', '?', '[', ']', '^', '-', '\\', '\u{e9}',
];

/// Every short key of all letters, for what single characters mean, and every longer one of plain
/// letters, for the stars that have to try again. None is empty: of those a server says that even
/// `*` does not match, which is a difference that `Glob` documents.
fn keys() -> BTreeSet<String> {
    let mut keys = BTreeSet::new();
    for (letters, longest) in [(&LETTERS[..], 3), (&LETTERS[..3], 6)] {
        let mut longer = vec![String::new()];
        for _ in 0..longest {
            longer = longer
                .iter()
                .flat_map(|key| letters.iter().map(move |letter| format!("{key}{letter}")))
                .collect();
            keys.extend(longer.iter().cloned());
        }
    }
    keys
}

/// No end of a range is outside ASCII: there the server compares `char`s, whose sign is up to its
/// platform, and `Glob` compares unsigned bytes. Anywhere else only equality counts.
fn patterns() -> impl Strategy<Value = String> {
    let any = || prop::sample::select(&LETTERS[..]);
    let mixed = prop::collection::vec(any(), 0..9).prop_map(String::from_iter);
    // Those that are made of whole parts match more, and so tell more.
    let part = prop_oneof![
        3 => r"[abc\x{e9}]",
        3 => Just("*".to_owned()),
        1 => Just("?".to_owned()),
        3 => r"\[\^?[abc:*?\[^\\\-]{0,4}\]?",
        1 => any().prop_map(|letter| format!("\\{letter}")),
    ];
    let built = prop::collection::vec(part, 1..6).prop_map(|parts| parts.concat());
    prop_oneof![mixed, built].prop_filter("a range that ends outside ASCII", |pattern| {
        !pattern.contains("-\u{e9}") && !pattern.contains("\u{e9}-")
    })
}

struct Judge {
    server: Server,
    keys: BTreeSet<String>,
}

impl Judge {
    fn start() -> Self {
        let server = Server::start().expect("a server: run `cargo xtask test`");
        let keys = keys();
        let pairs = keys.iter().flat_map(|key| [key.as_str(), "1"]);
        server.command(["MSET"].into_iter().chain(pairs)).unwrap();
        Self { server, keys }
    }

    /// The keys that the server picks.
    fn picked(&self, pattern: &str) -> BTreeSet<String> {
        let Value::Array(keys) = self.server.command(["KEYS", pattern]).unwrap() else {
            panic!("KEYS answers a list");
        };
        let key = |key| match key {
            Value::BulkString(bytes) => String::from_utf8(bytes).unwrap(),
            other => panic!("no key: {other:?}"),
        };
        keys.into_iter().map(key).collect()
    }

    /// The keys that `Glob` picks.
    fn matched(&self, pattern: &str) -> BTreeSet<String> {
        let glob = Glob::parse(pattern);
        let matching = self.keys.iter().filter(|key| glob.matches(key));
        matching.cloned().collect()
    }
}

#[test]
fn any_pattern_picks_the_same_keys() {
    let judge = Judge::start();
    let telling = Cell::new(0);
    let config = ProptestConfig {
        cases: 400,
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    let seed = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let result = TestRunner::new_with_rng(config, seed).run(&patterns(), |pattern| {
        let (picked, matched) = (judge.picked(&pattern), judge.matched(&pattern));
        let differing: Vec<_> = picked.symmetric_difference(&matched).take(5).collect();
        prop_assert!(differing.is_empty(), "{pattern:?} on {differing:?}");
        let tells = !picked.is_empty() && picked.len() < judge.keys.len();
        telling.set(telling.get() + u32::from(tells));
        Ok(())
    });
    result.unwrap_or_else(|failure| panic!("{failure}"));
    assert!(telling.get() > 200, "only {} tell", telling.get());
}

#[test]
fn the_odd_ones_pick_the_same_keys() {
    let judge = Judge::start();
    for (pattern, some, not) in [
        ("**", "\u{e9}", None),
        ("a*bc", "abbcbc", Some("abcb")),
        ("*a*b*c", "aabbcc", Some("ccbbaa")),
        ("??", "\u{e9}", Some("a")),
        ("\\\u{e9}", "\u{e9}", Some("\\\u{e9}")),
        ("[\u{e9}]?", "\u{e9}", Some("a\u{e9}")),
        ("[c-a]", "b", Some("-")),
        ("[^a-c]", "-", Some("b")),
        ("[^]", "^", Some("aa")),
        ("[a-]", "^", Some("-")),
        ("[-a]", "-", Some("b")),
        ("[a-", "-", Some("b")),
        ("[]a]", "", Some("a")),
        ("[\\]]", "]", Some("\\")),
        ("[\\^a]", "^", Some("b")),
        ("a[bc", "ac", Some("a[")),
        ("[", "", Some("[")),
        ("[^", "a", Some("aa")),
        ("[\\", "\\", Some("[")),
        ("a\\", "a\\", Some("a")),
        ("\\*", "*", Some("a")),
        ("a\\b", "ab", Some("a\\b")),
        ("]", "]", Some("a")),
        ("", "", Some("a")),
    ] {
        let picked = judge.picked(pattern);
        assert_eq!(picked, judge.matched(pattern), "{pattern:?}");
        // An empty text stands for none.
        assert_eq!(picked.is_empty(), some.is_empty(), "{pattern:?}");
        assert!(some.is_empty() || picked.contains(some), "{pattern:?}");
        assert!(not.is_none_or(|not| !picked.contains(not)), "{pattern:?}");
    }
}
