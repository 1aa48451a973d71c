//! Key patterns, and how they are filled.

use std::borrow::Cow;
use std::fmt::Display;

use castaway::match_type;

use super::{Brief, Built, Ids, Parts, Text};
use crate::glob;

/// A key pattern in which each `*` stands for an id, and everything else for itself.
#[derive(Clone, Debug)]
pub(crate) struct KeyPattern {
    pattern: String,
    /// What stands before the first star, in brief.
    stem: Brief,
    plain: Form,
    /// The same in a glob that matches the keys of this pattern.
    escaped: Form,
}

/// What stands around the stars.
#[derive(Clone, Debug)]
struct Form {
    /// Before the first, as the start of a key.
    stem: Built,
    /// Behind each.
    behind: Box<[Box<str>]>,
}

impl Form {
    fn new<'a>(mut literals: impl Iterator<Item = Cow<'a, str>>) -> Self {
        Self {
            stem: (&*literals.next().unwrap_or_default()).into(),
            behind: literals.map(Into::into).collect(),
        }
    }
}

impl KeyPattern {
    /// A pattern without a star gets `:*` appended.
    pub(crate) fn new(pattern: &str) -> Self {
        let pattern = match pattern.contains('*') {
            true => pattern.to_owned(),
            false => format!("{pattern}:*"),
        };
        let literals = || pattern.split('*');
        let plain = Form::new(literals().map(Cow::Borrowed));
        Self {
            stem: Brief::of(plain.stem.as_str()),
            plain,
            escaped: Form::new(literals().map(glob::escape)),
            pattern,
        }
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.pattern
    }

    /// The key with these ids. Ids beyond the last star are appended behind colons; a star without
    /// an id stays, which is a mistake that the log tells.
    pub(crate) fn key(&self, ids: &impl Ids) -> Built {
        let mut key = Built::new();
        self.write(&mut key, ids);
        key
    }

    /// Makes this that key where it is: moving it would take as long as building it.
    #[inline]
    pub(crate) fn write(&self, key: &mut Built, ids: &impl Ids) {
        key.begin(&self.plain.stem);
        if self.fill(key, ids) > 0 {
            self.tell_lacking();
        }
    }

    /// The same key in brief, for which no id is formatted. It is not whole where one is lacking, so
    /// that the log tells.
    #[inline]
    pub(crate) fn brief(&self, ids: &impl Ids) -> Brief {
        let mut brief = self.stem;
        if self.fill(&mut brief, ids) > 0 {
            brief.give_up();
        }
        brief
    }

    /// Adds these ids, and what is around them, to the stem. How many stars lack one.
    #[inline]
    fn fill(&self, key: &mut impl Text, ids: &impl Ids) -> usize {
        let mut filling = Filling::new(&self.plain.behind, key);
        ids.fill(&mut filling);
        filling.finish()
    }

    #[cold]
    #[inline(never)]
    fn tell_lacking(&self) {
        tracing::error!(
            pattern = self.pattern,
            "a key of this space lacks an id for each `*`"
        );
    }

    /// The glob with these parts; ids are escaped, so that they match themselves only.
    pub(crate) fn glob(&self, parts: &impl Parts) -> Built {
        let mut glob = self.escaped.stem.clone();
        let mut filling = Filling::new(&self.escaped.behind, &mut glob);
        parts.each(&mut |part| match part {
            Some(id) => filling.id(&glob::escape(&id.to_string())),
            None => filling.id("*"),
        });
        filling.finish();
        glob
    }
}

/// A key that is being filled with ids. Everything up to the next star is there.
#[doc(hidden)]
pub struct Filling<'a, W> {
    /// What stands behind the stars that are to come.
    behind: std::slice::Iter<'a, Box<str>>,
    key: &'a mut W,
}

impl<'a, W: Text> Filling<'a, W> {
    fn new(behind: &'a [Box<str>], key: &'a mut W) -> Self {
        Self {
            behind: behind.iter(),
            key,
        }
    }

    /// The next id. One beyond the last star is appended behind a colon.
    #[inline]
    pub(super) fn id<T: Display + ?Sized>(&mut self, id: &T) {
        match self.behind.next() {
            Some(literal) => {
                self.text(id);
                // Most patterns end with a star.
                if !literal.is_empty() {
                    self.key.push(literal);
                }
            }
            None => {
                self.key.push(":");
                self.text(id);
            }
        }
    }

    /// Formatting costs more than a hit in L1, so the commonest types go without.
    #[inline]
    fn text<T: Display + ?Sized>(&mut self, id: &T) {
        match_type!(id, {
            &str as text => self.key.push(text),
            &String as text => self.key.push(text),
            &u8 as number => self.number(*number),
            &u16 as number => self.number(*number),
            &u32 as number => self.number(*number),
            &u64 as number => self.number(*number),
            &u128 as number => self.number(*number),
            &usize as number => self.number(*number),
            &i8 as number => self.number(*number),
            &i16 as number => self.number(*number),
            &i32 as number => self.number(*number),
            &i64 as number => self.number(*number),
            &i128 as number => self.number(*number),
            &isize as number => self.number(*number),
            id => self.displayed(id),
        });
    }

    fn number(&mut self, number: impl itoa::Integer) {
        self.key.push(itoa::Buffer::new().format(number));
    }

    fn displayed<T: Display + ?Sized>(&mut self, id: &T) {
        if let Some(key) = self.key.formatted() {
            // A key takes any text; only a `Display` that fails itself can fail.
            let _ = write!(key, "{id}");
        }
    }

    /// Whether ids are of use that have to be formatted.
    #[inline]
    pub(super) fn formats(&mut self) -> bool {
        self.key.formatted().is_some()
    }

    /// How many stars are left without an id; they stay.
    #[inline]
    fn finish(self) -> usize {
        let lacking = self.behind.len();
        for literal in self.behind {
            self.key.push("*");
            self.key.push(literal);
        }
        lacking
    }
}

#[cfg(test)]
mod tests {
    use super::super::built::INLINE;
    use std::fmt;

    use super::super::{ANY, Ids};
    use super::*;

    fn key(pattern: &str, ids: impl Ids) -> String {
        let pattern = KeyPattern::new(pattern);
        let (key, brief) = (pattern.key(&ids), pattern.brief(&ids));
        assert!(!brief.is_whole() || brief == Brief::of(key.as_str()));
        key.as_str().to_owned()
    }

    #[test]
    fn stars_are_filled_in_order() {
        assert_eq!(key("stock:price", "MSFT"), "stock:price:MSFT");
        assert_eq!(key("document:*:versions", 7), "document:7:versions");
        assert_eq!(key("feed:user:*:page:*", (7, 2)), "feed:user:7:page:2");
        assert_eq!(key("feed:user:*", (7, "x")), "feed:user:7:x");
        assert_eq!(key("a:*:b", (7, 8)), "a:7:b:8");
        assert_eq!(key("feed:user:*:page:*", 7), "feed:user:7:page:*");
        assert_eq!(key("a:*:b:*:c", 7), "a:7:b:*:c");
    }

    // Borrowed ids are types of their own here.
    #[expect(clippy::needless_borrows_for_generic_args)]
    #[test]
    fn an_id_is_written_as_it_is_displayed_whatever_its_type() {
        struct Symbol(&'static str);
        impl Display for Symbol {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.0)
            }
        }
        /// Knows of nothing but `Display`.
        struct Foreign(u64);
        impl Ids for Foreign {
            fn each(&self, with: &mut dyn FnMut(&dyn Display)) {
                with(&self.0);
            }
        }
        assert_eq!(key("a", i64::MIN), format!("a:{}", i64::MIN));
        assert_eq!(key("a", u128::MAX), format!("a:{}", u128::MAX));
        assert_eq!(key("a", -7_i8), "a:-7");
        assert_eq!(key("a", 'x'), "a:x");
        assert_eq!(key("a", true), "a:true");
        assert_eq!(key("a", String::from("x")), "a:x");
        assert_eq!(key("a", &String::from("x")), "a:x");
        assert_eq!(key("a", &&"x"), "a:x");
        assert_eq!(key("a", &7_u16), "a:7");
        assert_eq!(key("a", &1.5), "a:1.5");
        assert_eq!(key("a", &Symbol("x")), "a:x");
        assert_eq!(key("a:*:b:*", (Symbol("x"), 7_usize)), "a:x:b:7");
        assert_eq!(key("a", Foreign(7)), "a:7");
    }

    #[test]
    fn a_key_of_which_the_text_is_needed_is_not_whole_in_brief() {
        fn is_whole(pattern: &str, ids: impl Ids) -> bool {
            KeyPattern::new(pattern).brief(&ids).is_whole()
        }
        let symbol = String::from("MSFT");
        assert!(is_whole("stock:price", "MSFT"));
        assert!(is_whole("stock:price", &symbol));
        assert!(is_whole("feed:user:*:page:*", (7_u64, -2)));
        assert!(!is_whole("stock:price", "x".repeat(21)));
        assert!(!is_whole("feed:user:*:page:*", 7));
        // Formatting it, once for the brief and once for the text, would take longer than it saves.
        assert!(!is_whole("a:*:b:*", (1.5, 7)));
    }

    #[test]
    fn an_id_may_be_longer_than_the_stack_has_room_for() {
        for length in [INLINE - 6, INLINE, 3 * INLINE] {
            let long = "x".repeat(length);
            assert_eq!(key("a:*:b", (&long, 1)), format!("a:{long}:b:1"));
            assert_eq!(key(&long, (1, &long)), format!("{long}:1:{long}"));
        }
    }

    #[test]
    fn ids_in_a_glob_match_themselves_only() {
        let pattern = KeyPattern::new("feed:user:*:page:*");
        assert_eq!(pattern.glob(&("a*", ANY)).as_str(), "feed:user:a\\*:page:*");
    }

    #[test]
    fn a_glob_covers_the_keys_of_its_pattern_whatever_is_in_it() {
        for pattern in ["price[eur]:*", "what?", "a\\b:*:[^c]", "[", "caf\u{e9}*\\"] {
            let pattern = KeyPattern::new(pattern);
            let key = pattern.key(&("x", 1));
            let glob = glob::Glob::parse(pattern.glob(&(ANY, ANY)).as_str());
            assert!(glob.matches(key.as_str()), "{glob} {}", key.as_str());
            let exact = glob::Glob::parse(pattern.glob(&("x", 1)).as_str());
            assert_eq!(exact.as_literal(), Some(key.as_str()));
        }
    }
}
