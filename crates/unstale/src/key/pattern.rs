//! Key patterns, and how they are filled.

use std::fmt::{Display, Write};

use castaway::match_type;

use super::{Built, Ids, Parts};
use crate::glob;

/// A key pattern in which each `*` stands for an id, and everything else for itself.
#[derive(Clone, Debug)]
pub(crate) struct KeyPattern {
    pattern: String,
    /// What stands around the stars.
    literals: Box<[Box<str>]>,
    /// The same in a glob that matches the keys of this pattern.
    escaped: Box<[Box<str>]>,
}

impl KeyPattern {
    /// A pattern without a star gets `:*` appended.
    pub(crate) fn new(pattern: &str) -> Self {
        let pattern = match pattern.contains('*') {
            true => pattern.to_owned(),
            false => format!("{pattern}:*"),
        };
        Self {
            literals: pattern.split('*').map(Into::into).collect(),
            escaped: pattern
                .split('*')
                .map(|literal| glob::escape(literal).into())
                .collect(),
            pattern,
        }
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.pattern
    }

    /// The key with these ids. Ids beyond the last star are appended behind colons; a star
    /// without an id stays, which is a mistake that the log tells.
    pub(crate) fn key(&self, ids: &impl Ids) -> Built {
        let mut key = Built::new();
        let mut filling = Filling::new(&self.literals, &mut key);
        ids.fill(&mut filling);
        if filling.finish() > 0 {
            tracing::error!(
                pattern = self.pattern,
                "a key of this space lacks an id for each `*`"
            );
        }
        key
    }

    /// The glob with these parts; ids are escaped, so that they match themselves only.
    pub(crate) fn glob(&self, parts: &impl Parts) -> Built {
        let mut glob = Built::new();
        let mut filling = Filling::new(&self.escaped, &mut glob);
        parts.each(&mut |part| match part {
            Some(id) => filling.id(&glob::escape(&id.to_string())),
            None => filling.id("*"),
        });
        filling.finish();
        glob
    }
}

/// A key that is being filled with ids.
#[doc(hidden)]
pub struct Filling<'a> {
    literals: std::slice::Iter<'a, Box<str>>,
    key: &'a mut Built,
}

impl<'a> Filling<'a> {
    fn new(literals: &'a [Box<str>], key: &'a mut Built) -> Self {
        Self {
            literals: literals.iter(),
            key,
        }
    }

    /// The next id. Formatting costs more than a hit in L1, so the commonest types go without.
    #[inline]
    pub(super) fn id<T: Display + ?Sized>(&mut self, id: &T) {
        match self.literals.next() {
            // The last is behind the last star.
            Some(literal) if self.literals.len() > 0 => self.key.push(literal),
            literal => {
                self.key.push(literal.map_or("", |literal| literal));
                self.key.push(":");
            }
        }
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
        // A key takes any text; only a `Display` that fails itself can fail.
        let _ = write!(self.key, "{id}");
    }

    /// What is behind the last id that was given, and how many stars are left without one.
    #[inline]
    fn finish(self) -> usize {
        let mut rest = self.literals;
        let Some(literal) = rest.next() else {
            return 0;
        };
        self.key.push(literal);
        let lacking = rest.len();
        for literal in rest {
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
        KeyPattern::new(pattern).key(&ids).as_str().to_owned()
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
    fn an_id_may_be_longer_than_the_stack_has_room_for() {
        let long = "x".repeat(3 * INLINE);
        assert_eq!(key("a:*:b", (&long, 1)), format!("a:{long}:b:1"));
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
