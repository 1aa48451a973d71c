use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Invalid;

/// A ticker symbol in its canonical spelling, so that `msft` and `MSFT` are one row and one cache
/// key.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(try_from = "String", into = "String")]
#[schema(value_type = String, example = "MSFT")]
pub(crate) struct Symbol(String);

impl Symbol {
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Symbol {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let allowed = |c: char| c.is_ascii_alphanumeric() || c == '.' || c == '-';
        if text.is_empty() || text.len() > 12 || !text.chars().all(allowed) {
            return Err(Invalid::new(
                "symbol",
                "must be 1 to 12 letters, digits, dots or hyphens.",
            ));
        }
        Ok(Self(text.to_ascii_uppercase()))
    }
}

impl TryFrom<String> for Symbol {
    // Serde names the field itself, so only the rule is handed on.
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse().map_err(|invalid: Invalid| invalid.rule)
    }
}

impl From<Symbol> for String {
    fn from(symbol: Symbol) -> Self {
        symbol.0
    }
}

impl fmt::Display for Symbol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
