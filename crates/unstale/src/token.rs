//! Tokens: what a write returns, and a read may ask for.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::core::Position;

/// Names a write to the cache. A read that carries it, on any instance, sees that write or a
/// newer one: see [`Space::after`](crate::Space::after).
///
/// It travels as text, in a header or a cookie:
///
/// ```
/// # fn main() -> Result<(), unstale::TokenError> {
/// let token: unstale::Token = "1732280000000-42".parse()?;
/// assert_eq!(token.to_string(), "1732280000000-42");
/// # Ok(()) }
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Token(Position);

/// A text is no token.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a token: it has the form `<epoch>-<number>`, as a removal returned it")]
pub struct TokenError {
    text: String,
}

impl Token {
    pub(crate) fn at(position: Position) -> Self {
        Self(position)
    }

    pub(crate) fn position(&self) -> Position {
        self.0
    }

    /// The token that asks for both writes.
    #[must_use]
    pub fn and(&self, other: &Token) -> Token {
        Token(self.0.max(other.0))
    }
}

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for Token {
    type Err = TokenError;

    fn from_str(text: &str) -> Result<Self, TokenError> {
        // What a stranger sent is repeated, but not at any length, nor with line breaks in it.
        let shown = || TokenError {
            text: text.chars().take(64).flat_map(char::escape_debug).collect(),
        };
        text.parse().map(Token).map_err(|()| shown())
    }
}

impl TryFrom<String> for Token {
    type Error = TokenError;

    fn try_from(text: String) -> Result<Self, TokenError> {
        text.parse()
    }
}

impl From<Token> for String {
    fn from(token: Token) -> String {
        token.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_stranger_sent_is_repeated_in_one_short_line() {
        let forged = format!("1-2\r\nSet-Cookie: a=b\u{1b}[2J{}", "x".repeat(10_000));
        let shown = forged.parse::<Token>().unwrap_err().to_string();
        assert!(shown.starts_with("`1-2\\r\\nSet-Cookie"), "{shown}");
        assert!(!shown.contains(char::is_control), "{shown}");
        assert!(shown.len() < 300, "{shown}");
    }
}
