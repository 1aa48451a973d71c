//! Tokens: what a write returns, and a read may ask for.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::core::Position;
use crate::partitions::PartitionId;

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
///
/// Where there are several [`Partitions`](crate::config::RedisConfig::partitions), it names those
/// that the write was about, separated by dots, each with the number of all: 36 bytes at most for
/// one, and about 2 KB for all of 64. Nothing has to be escaped in a header, a cookie or a query.
///
/// ```
/// # fn main() -> Result<(), unstale::TokenError> {
/// let both = "0/4:1732280000000-42.3/4:1732280000015-7";
/// assert_eq!(both.parse::<unstale::Token>()?.to_string(), both);
/// # Ok(()) }
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Token {
    /// In the partition that is the only one.
    only: Position,
    /// In those that are some of several. Apart, because most tokens have none.
    several: BTreeMap<PartitionId, Position>,
}

/// A text is no token.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{text}` is not a token: it has the form `<epoch>-<number>`, or `<partition>/<partitions>:\
     <epoch>-<number>` once or several times with dots in between, as a removal returned it"
)]
pub struct TokenError {
    text: String,
}

impl Token {
    /// Where in an instance's partitions somebody stands who tells of other ones: beyond everything
    /// that it knows or will know.
    pub(crate) const UNKNOWN: Position = Position {
        epoch: u64::MAX,
        seq: u64::MAX,
    };

    pub(crate) fn at(partition: PartitionId, position: Position) -> Self {
        let mut token = Self::default();
        token.raise(partition, position);
        token
    }

    /// It asks for this as well.
    pub(crate) fn raise(&mut self, partition: PartitionId, position: Position) {
        let known = match partition.is_only() {
            true => &mut self.only,
            false => self.several.entry(partition).or_default(),
        };
        *known = position.max(*known);
    }

    /// What it asks for in a partition: the beginning, where it does not name it, and
    /// [`UNKNOWN`](Self::UNKNOWN), where it names partitions of another number of them.
    pub(crate) fn position_in(&self, partition: PartitionId) -> Position {
        let is_foreign = |other: &PartitionId| other.of() != partition.of();
        let names_the_only = self.only > Position::ORIGIN;
        if (names_the_only && !partition.is_only()) || self.several.keys().any(is_foreign) {
            return Self::UNKNOWN;
        }
        if partition.is_only() {
            return self.only;
        }
        let named = self.several.get(&partition).copied();
        named.unwrap_or(Position::ORIGIN)
    }

    /// The token that asks for both writes.
    #[must_use]
    pub fn and(&self, other: &Token) -> Token {
        let mut both = self.clone();
        both.raise(PartitionId::ONLY, other.only);
        for (partition, position) in &other.several {
            both.raise(*partition, *position);
        }
        both
    }
}

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut dot = "";
        if self.only > Position::ORIGIN || self.several.is_empty() {
            self.only.fmt(f)?;
            dot = ".";
        }
        for (partition, position) in &self.several {
            write!(f, "{dot}{partition}:{position}")?;
            dot = ".";
        }
        Ok(())
    }
}

impl FromStr for Token {
    type Err = TokenError;

    fn from_str(text: &str) -> Result<Self, TokenError> {
        // What a stranger sent is repeated, but not at any length, nor with line breaks in it.
        let shown = |()| TokenError {
            text: text.chars().take(64).flat_map(char::escape_debug).collect(),
        };
        let mut token = Self::default();
        for part in text.split('.') {
            let (partition, position) = read(part).map_err(shown)?;
            token.raise(partition, position);
        }
        Ok(token)
    }
}

fn read(part: &str) -> Result<(PartitionId, Position), ()> {
    match part.split_once(':') {
        None => Ok((PartitionId::ONLY, part.parse()?)),
        Some((partition, position)) => Ok((partition.parse()?, position.parse()?)),
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
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_a_stranger_sent_is_repeated_in_one_short_line() {
        let forged = format!("1-2\r\nSet-Cookie: a=b\u{1b}[2J{}", "x".repeat(10_000));
        let shown = forged.parse::<Token>().unwrap_err().to_string();
        assert!(shown.starts_with("`1-2\\r\\nSet-Cookie"), "{shown}");
        assert!(!shown.contains(char::is_control), "{shown}");
        assert!(shown.len() < 300, "{shown}");
    }

    proptest! {
        #[test]
        fn what_is_read_is_written_as_it_will_be_read(text in "([0-9]{1,2}/[0-9]{1,2}:)?[0-9]{1,20}-[0-9]{1,20}([.:/-]([0-9]/[0-9]:)?[0-9]-[0-9]){0,3}") {
            if let Ok(read) = text.parse::<Token>() {
                prop_assert_eq!(read.to_string().parse::<Token>(), Ok(read));
            }
        }
    }

    fn token(text: &str) -> Token {
        text.parse().unwrap()
    }

    /// What a token asks for in the partitions of an instance that has so many.
    fn asks(text: &str, of: u32) -> Vec<String> {
        let asked = PartitionId::all(of).map(|id| token(text).position_in(id));
        let word = |position| match position {
            Token::UNKNOWN => "unknown".to_owned(),
            position => position.to_string(),
        };
        asked.map(word).collect()
    }

    #[test]
    fn a_token_asks_for_nothing_of_partitions_that_it_does_not_name() {
        assert_eq!(asks("7-1", 1), ["7-1"]);
        assert_eq!(asks("0/3:7-1.2/3:8-4", 3), ["7-1", "0-0", "8-4"]);
    }

    #[test]
    fn a_token_of_another_number_of_partitions_is_of_an_unknown_history() {
        assert_eq!(asks("7-1", 2), ["unknown"; 2]);
        assert_eq!(asks("0/3:7-1", 1), ["unknown"]);
        assert_eq!(asks("0/3:7-1", 2), ["unknown"; 2]);
        // Of both: the write in the unknown one may be about any key.
        let both = token("0/3:7-1").and(&token("0/2:9-9"));
        assert_eq!(both.to_string(), "0/2:9-9.0/3:7-1");
        assert_eq!(asks(&both.to_string(), 3), ["unknown"; 3]);
    }

    #[test]
    fn both_is_the_later_of_each_partition() {
        let both = token("0/3:7-1.1/3:7-9").and(&token("1/3:7-2.2/3:6-5"));
        assert_eq!(both.to_string(), "0/3:7-1.1/3:7-9.2/3:6-5");
        assert_eq!(token("7-1").and(&token("6-9")).to_string(), "7-1");
    }

    #[test]
    fn the_longest_token_fits_into_a_cookie() {
        let longest = Position {
            epoch: 99_999_999_999_999,
            seq: 1 << 53,
        };
        let all = PartitionId::all(64).map(|id| Token::at(id, longest));
        let all = all.reduce(|one, other| one.and(&other)).unwrap();
        assert!(all.to_string().len() < 4_000);
        assert_eq!(token(&all.to_string()), all);
    }

    #[test]
    fn what_is_no_token_is_refused() {
        for text in [
            "",
            "7",
            "0/1:7-1",
            "4/4:7-1",
            "0/65:7-1",
            "0/4:7",
            "7-1.",
            "0/4:7-1,1/4:7-1",
        ] {
            assert!(text.parse::<Token>().is_err(), "{text}");
        }
    }
}
