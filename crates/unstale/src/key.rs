//! Keys of typed spaces: a pattern, filled with ids.

use std::fmt::{self, Display, Write};

use arrayvec::ArrayString;

use crate::glob;

/// Keys up to this length are built without an allocation.
const INLINE: usize = 128;

/// Stands for any id in [`Space::remove_pattern`](crate::Space::remove_pattern).
pub const ANY: Any = Any;

/// The type of [`ANY`].
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq)]
pub struct Any;

/// The ids of a key, in the order of the stars in its space's pattern: anything that can be
/// displayed, or a tuple of up to four of them.
///
/// Give one id for each star. Ids are taken as they are, so two keys are the same where an id
/// contains what stands between the stars: do not let strangers choose ids with a `:`.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), unstale::Error> {
/// # let cache = unstale::Cache::builder().build().await?;
/// let feeds = cache.space::<Vec<u64>>("feed:user:*:page:*");
/// assert_eq!(feeds.key((7, 1)), "feed:user:7:page:1");
/// # Ok(()) }
/// ```
pub trait Ids {
    /// Passes each id on.
    fn each(&self, with: &mut dyn FnMut(&dyn Display));
}

impl<T: Display + ?Sized> Ids for &T {
    fn each(&self, with: &mut dyn FnMut(&dyn Display)) {
        with(&self);
    }
}

macro_rules! ids_of_values {
    ($($type:ty),*) => {$(
        impl Ids for $type {
            fn each(&self, with: &mut dyn FnMut(&dyn Display)) {
                with(self);
            }
        }
    )*};
}

ids_of_values!(
    u8, u16, u32, u64, u128, usize, i8, i16, i32, i64, i128, isize, char, bool, String
);

macro_rules! ids_of_tuples {
    ($(($($name:ident),+))*) => {$(
        impl<$($name: Display),+> Ids for ($($name,)+) {
            #[allow(non_snake_case)]
            fn each(&self, with: &mut dyn FnMut(&dyn Display)) {
                let ($($name,)+) = self;
                $(with($name);)+
            }
        }
    )*};
}

ids_of_tuples!((A)(A, B)(A, B, C)(A, B, C, D));

/// Parts of a key of which some may be [`ANY`].
pub trait Parts {
    /// Passes each part on; `None` for [`ANY`].
    fn each(&self, with: &mut dyn FnMut(Option<&dyn Display>));
}

/// One part of a pattern: an id, or [`ANY`].
pub trait Part {
    /// The id; `None` for [`ANY`].
    fn id(&self) -> Option<&dyn Display>;
}

impl Part for Any {
    fn id(&self) -> Option<&dyn Display> {
        None
    }
}

impl<T: Display> Part for &T {
    fn id(&self) -> Option<&dyn Display> {
        Some(self)
    }
}

macro_rules! part_of_values {
    ($($type:ty),*) => {$(
        impl Part for $type {
            fn id(&self) -> Option<&dyn Display> {
                Some(self)
            }
        }
    )*};
}

part_of_values!(
    u8, u16, u32, u64, u128, usize, i8, i16, i32, i64, i128, isize, char, bool, String, &str
);

impl Parts for Any {
    fn each(&self, with: &mut dyn FnMut(Option<&dyn Display>)) {
        with(None);
    }
}

macro_rules! parts_of_tuples {
    ($(($($name:ident),+))*) => {$(
        impl<$($name: Part),+> Parts for ($($name,)+) {
            #[allow(non_snake_case)]
            fn each(&self, with: &mut dyn FnMut(Option<&dyn Display>)) {
                let ($($name,)+) = self;
                $(with($name.id());)+
            }
        }
    )*};
}

parts_of_tuples!((A)(A, B)(A, B, C)(A, B, C, D));

/// A key pattern in which each `*` stands for an id, and everything else for itself.
#[derive(Clone, Debug)]
pub(crate) struct KeyPattern {
    pattern: String,
    /// The same as a glob.
    glob: String,
}

impl KeyPattern {
    /// A pattern without a star gets `:*` appended.
    pub(crate) fn new(pattern: &str) -> Self {
        let pattern = match pattern.contains('*') {
            true => pattern.to_owned(),
            false => format!("{pattern}:*"),
        };
        let literals: Vec<_> = pattern.split('*').map(glob::escape).collect();
        let glob = literals.join("*");
        Self { pattern, glob }
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.pattern
    }

    /// The key with these ids. Ids beyond the last star are appended behind colons; a star
    /// without an id stays, which is a mistake that the log tells.
    pub(crate) fn key(&self, ids: &impl Ids) -> Key {
        let mut filling = Filling::new(&self.pattern);
        ids.each(&mut |id| filling.fill(|key| write!(key, "{id}")));
        if filling.rest.is_some_and(|rest| rest.contains('*')) {
            tracing::error!(
                pattern = self.pattern,
                "a key of this space lacks an id for each `*`"
            );
        }
        filling.finish()
    }

    /// The glob with these parts; ids are escaped, so that they match themselves only.
    pub(crate) fn glob(&self, parts: &impl Parts) -> Key {
        let mut filling = Filling::new(&self.glob);
        parts.each(&mut |part| {
            filling.fill(|key| match part {
                Some(id) => key.write_str(&glob::escape(&id.to_string())),
                None => key.write_char('*'),
            });
        });
        filling.finish()
    }
}

struct Filling<'a> {
    key: Key,
    rest: Option<&'a str>,
}

impl<'a> Filling<'a> {
    fn new(pattern: &'a str) -> Self {
        Self {
            key: Key::new(),
            rest: Some(pattern),
        }
    }

    fn fill(&mut self, write: impl FnOnce(&mut Key) -> fmt::Result) {
        let before = match self.rest.and_then(|rest| rest.split_once('*')) {
            Some((before, after)) => {
                self.rest = Some(after);
                before
            }
            None => {
                let rest = self.rest.take();
                self.key.push(rest.unwrap_or_default());
                ":"
            }
        };
        self.key.push(before);
        // A key takes any text; only a `Display` that fails itself can fail.
        let _ = write(&mut self.key);
    }

    fn finish(mut self) -> Key {
        self.key.push(self.rest.unwrap_or_default());
        self.key
    }
}

/// A key under construction, on the stack while it is short.
pub(crate) enum Key {
    Short(ArrayString<INLINE>),
    Long(String),
}

impl Key {
    fn new() -> Self {
        Key::Short(ArrayString::new())
    }

    fn push(&mut self, text: &str) {
        match self {
            Key::Short(short) => {
                if short.try_push_str(text).is_err() {
                    *self = Key::Long([short.as_str(), text].concat());
                }
            }
            Key::Long(long) => long.push_str(text),
        }
    }

    pub(crate) fn as_str(&self) -> &str {
        match self {
            Key::Short(short) => short,
            Key::Long(long) => long,
        }
    }
}

impl AsRef<str> for Key {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

impl Write for Key {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.push(text);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
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
