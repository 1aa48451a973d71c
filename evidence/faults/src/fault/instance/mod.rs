//! Faults of an instance itself.

use super::Kind;

/// Everything that can go wrong there.
pub(crate) const KINDS: &[Kind] = &[];
