//! The keys of a run, and what covers them.

use unstale::evidence::core::{Change, Scope};

/// So many keys there are at most.
pub(crate) const KEYS: usize = 3;

/// The keys: two of a group, one that shares its id with the first; and the one that is `set`.
const NAMES: [(&str, &str, &str); KEYS + 1] = [
    ("a", "0", "a:0"),
    ("b", "0", "b:0"),
    ("a", "1", "a:1"),
    ("s", "0", "s:0"),
];

/// The key whose values are `set`. `set` is outside F1 and F2, so it is judged by less.
pub(crate) const SETTABLE: Key = Key(KEYS);

/// The tag that the first two carry.
pub(crate) const TAG: &str = "red";

/// One of the keys.
#[derive(Copy, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) struct Key(pub(crate) usize);

impl Key {
    pub(crate) fn group(self) -> &'static str {
        NAMES[self.0].0
    }

    pub(crate) fn id(self) -> &'static str {
        NAMES[self.0].1
    }

    pub(crate) fn name(self) -> &'static str {
        NAMES[self.0].2
    }

    pub(crate) fn number(self) -> u32 {
        u32::try_from(self.0).unwrap_or_default()
    }

    pub(crate) fn is_tagged(self) -> bool {
        self.0 < 2
    }

    /// Whether a change makes older values of this key void.
    pub(crate) fn is_covered_by(self, change: &Change) -> bool {
        match change {
            Change::Key(key) => **key == *self.name(),
            Change::Ban(Scope::All) => true,
            Change::Ban(Scope::Prefix(prefix)) => self.name().starts_with(&**prefix),
            Change::Ban(Scope::Glob(glob)) => glob.matches(self.name()),
            Change::Ban(Scope::Tag(tag)) => self.is_tagged() && **tag == *TAG,
        }
    }
}
