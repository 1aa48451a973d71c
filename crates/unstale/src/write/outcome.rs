//! What became of a write to the cache.

use crate::error::KeyError;
use crate::token::Token;

/// What became of a removal or a `set`. It is no `Result`: the service's own write, which came
/// first, has succeeded, and must not fail for the cache's sake.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The server has executed it: no value loaded before can enter L2 any longer, and the
    /// other instances are told. The token makes a read anywhere see this write.
    Applied(Token),
    /// The server has not confirmed it yet. This instance keeps to the source for the keys
    /// concerned, and goes on sending the removal until it is confirmed; other instances may
    /// answer with the old value for as long as the server cannot be reached.
    Pending,
    /// A key cannot be used, as this error says. Nothing is ever stored under it, so there was
    /// nothing to remove; the other keys of the call were removed all the same.
    Refused(KeyError),
}

impl Outcome {
    /// The token, if the server has executed the write.
    pub fn token(&self) -> Option<&Token> {
        match self {
            Outcome::Applied(token) => Some(token),
            Outcome::Pending | Outcome::Refused(_) => None,
        }
    }

    /// The outcome of both.
    pub(crate) fn and(self, other: Outcome) -> Outcome {
        match (self, other) {
            (Outcome::Applied(one), Outcome::Applied(other)) => Outcome::Applied(one.and(&other)),
            (Outcome::Refused(error), _) | (_, Outcome::Refused(error)) => Outcome::Refused(error),
            _ => Outcome::Pending,
        }
    }

    /// Whether the server has executed the write.
    pub fn is_applied(&self) -> bool {
        matches!(self, Outcome::Applied(_))
    }
}
