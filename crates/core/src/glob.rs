//! Redis-style glob patterns, compiled once and matched without allocating.

use std::borrow::Cow;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

#[cfg(any(test, feature = "fuzzing"))]
#[doc(hidden)]
pub mod reference;

/// A pattern over keys, with the meaning Redis gives it in `KEYS` and `SCAN`.
///
/// | Written | Matches |
/// |---|---|
/// | `*` | any bytes, also none |
/// | `?` | one byte |
/// | `[abc]`, `[a-z]`, `[^a]` | one byte of (or not of) the class |
/// | `\x` | `x` itself, whatever it means elsewhere |
///
/// As in Redis, matching goes by bytes (a letter outside ASCII is several), every pattern is
/// valid, a class without its `]` runs to the end of the pattern, and a final `\` is itself. Two
/// things differ: `*` matches an empty text as well, and bytes outside ASCII are ordered as
/// unsigned in a range, where Redis leaves that to the platform.
///
/// ```
/// use unstale_core::glob::Glob;
///
/// let feeds = Glob::parse("feed:user:*:page:?");
/// assert!(feeds.matches("feed:user:12:page:3"));
/// assert!(!feeds.matches("feed:user:12:page:30"));
/// assert_eq!(Glob::parse("feed:user:*").as_prefix(), Some("feed:user:"));
/// ```
#[derive(Clone)]
pub struct Glob {
    source: Arc<str>,
    /// The unescaped text before the first wildcard.
    prefix: Arc<str>,
    /// What follows the prefix; consecutive stars are one.
    rest: Arc<[Token]>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Token {
    AnyRun,
    AnyByte,
    Byte(u8),
    OneOf(ByteSet),
}

impl Token {
    fn accepts(self, byte: u8) -> bool {
        match self {
            Self::AnyRun | Self::AnyByte => true,
            Self::Byte(wanted) => wanted == byte,
            Self::OneOf(set) => set.contains(byte),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct ByteSet([u128; 2]);

impl ByteSet {
    const EMPTY: Self = Self([0; 2]);

    fn insert(&mut self, byte: u8) {
        self.0[usize::from(byte >> 7)] |= 1 << (byte & 127);
    }

    fn contains(self, byte: u8) -> bool {
        self.0[usize::from(byte >> 7)] >> (byte & 127) & 1 == 1
    }

    fn inverted(self) -> Self {
        Self(self.0.map(|half| !half))
    }
}

impl Glob {
    /// Compiles a pattern. Every text is a valid pattern.
    pub fn parse(pattern: &str) -> Self {
        let (prefix, rest) = split_literal(pattern);
        Self {
            source: pattern.into(),
            prefix: prefix.into(),
            rest: tokens(rest.as_bytes()).into(),
        }
    }

    /// Whether the whole of `text` matches.
    ///
    /// Only the last star is ever retried, because an earlier one can gain nothing by taking
    /// more: Russ Cox, "Glob Matching Can Be Simple And Fast Too" (2017). The time is at worst
    /// the product of both lengths, never exponential.
    pub fn matches(&self, text: &str) -> bool {
        let Some(text) = text.strip_prefix(&*self.prefix) else {
            return false;
        };
        let (text, pattern) = (text.as_bytes(), &*self.rest);
        let (mut at, mut token) = (0, 0);
        let mut retry = None;
        loop {
            match pattern.get(token) {
                Some(Token::AnyRun) if token + 1 == pattern.len() => return true,
                Some(Token::AnyRun) => {
                    retry = Some((at, token));
                    token += 1;
                    continue;
                }
                Some(wanted) if text.get(at).is_some_and(|&byte| wanted.accepts(byte)) => {
                    at += 1;
                    token += 1;
                    continue;
                }
                None if at == text.len() => return true,
                _ => {}
            }
            match retry {
                Some((from, star)) if from < text.len() => {
                    retry = Some((from + 1, star));
                    at = from + 1;
                    token = star + 1;
                }
                _ => return false,
            }
        }
    }

    /// The pattern as it was written.
    pub fn as_str(&self) -> &str {
        &self.source
    }

    /// The unescaped text before the first wildcard. Every match begins with it.
    pub fn literal_prefix(&self) -> &str {
        &self.prefix
    }

    /// The only text that matches, if the pattern has no wildcard.
    pub fn as_literal(&self) -> Option<&str> {
        self.rest.is_empty().then_some(&*self.prefix)
    }

    /// The unescaped literal, if the pattern is exactly `<literal>*`.
    pub fn as_prefix(&self) -> Option<&str> {
        (*self.rest == [Token::AnyRun]).then_some(&*self.prefix)
    }

    /// How many bytes of a match the pattern spells out: its specificity.
    pub fn literal_len(&self) -> usize {
        let spelled = |token: &&Token| matches!(token, Token::Byte(_));
        self.prefix.len() + self.rest.iter().filter(spelled).count()
    }
}

/// Writes `text` as a pattern that matches only itself.
///
/// ```
/// use unstale_core::glob::{Glob, escape};
///
/// let page = format!("search:{}:*", escape("what?"));
/// assert_eq!(Glob::parse(&page).as_prefix(), Some("search:what?:"));
/// ```
pub fn escape(text: &str) -> Cow<'_, str> {
    let special = |c: char| matches!(c, '*' | '?' | '[' | '\\');
    if !text.contains(special) {
        return Cow::Borrowed(text);
    }
    let mut escaped = String::with_capacity(text.len() + 4);
    for c in text.chars() {
        if special(c) {
            escaped.push('\\');
        }
        escaped.push(c);
    }
    Cow::Owned(escaped)
}

/// Splits a pattern into its unescaped literal beginning and the rest.
fn split_literal(pattern: &str) -> (String, &str) {
    let mut literal = String::with_capacity(pattern.len());
    let mut chars = pattern.chars();
    loop {
        let rest = chars.as_str();
        match chars.next() {
            None | Some('*' | '?' | '[') => return (literal, rest),
            Some('\\') => literal.push(chars.next().unwrap_or('\\')),
            Some(c) => literal.push(c),
        }
    }
}

fn tokens(mut pattern: &[u8]) -> Vec<Token> {
    let mut tokens = Vec::with_capacity(pattern.len());
    while let Some((&byte, rest)) = pattern.split_first() {
        pattern = rest;
        let token = match (byte, rest) {
            (b'*', _) if tokens.last() == Some(&Token::AnyRun) => continue,
            (b'*', _) => Token::AnyRun,
            (b'?', _) => Token::AnyByte,
            (b'[', _) => {
                let (set, rest) = class(rest);
                pattern = rest;
                Token::OneOf(set)
            }
            (b'\\', [escaped, rest @ ..]) => {
                pattern = rest;
                Token::Byte(*escaped)
            }
            _ => Token::Byte(byte),
        };
        tokens.push(token);
    }
    tokens
}

/// Reads a class from behind its `[`; answers it and what follows it.
///
/// The order of the cases is that of Redis' `stringmatchlen`, because it decides what the odd
/// ones mean: `[]` is empty, `[a-]` is the range from `a` to `]`, `[\]]` is a bracket.
fn class(mut pattern: &[u8]) -> (ByteSet, &[u8]) {
    let inverted = pattern.first() == Some(&b'^');
    if inverted {
        pattern = &pattern[1..];
    }
    let mut set = ByteSet::EMPTY;
    loop {
        pattern = match pattern {
            [b'\\', escaped, rest @ ..] => {
                set.insert(*escaped);
                rest
            }
            [] => break,
            [b']', rest @ ..] => {
                pattern = rest;
                break;
            }
            [from, b'-', to, rest @ ..] => {
                (*from.min(to)..=*from.max(to)).for_each(|byte| set.insert(byte));
                rest
            }
            [byte, rest @ ..] => {
                set.insert(*byte);
                rest
            }
        };
    }
    let set = if inverted { set.inverted() } else { set };
    (set, pattern)
}

impl PartialEq for Glob {
    fn eq(&self, other: &Self) -> bool {
        self.source == other.source
    }
}

impl Eq for Glob {}

impl Hash for Glob {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.source.hash(state);
    }
}

impl fmt::Display for Glob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.source)
    }
}

impl fmt::Debug for Glob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Glob").field(&self.source).finish()
    }
}

#[cfg(test)]
mod tests;
