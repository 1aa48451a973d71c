//! What a key's pattern decides: how long its values live, what they cost, how they are counted.

use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::glob::Glob;

mod labels;
pub use labels::OTHER_LABEL;
pub(crate) use labels::with_label_of;

/// How hard L1 holds on to an entry when it has to make room.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub enum Priority {
    /// Goes first.
    Low,
    /// The usual.
    #[default]
    Normal,
    /// Goes last.
    High,
    /// Stays until it expires or is removed.
    NeverRemove,
}

impl Priority {
    const ALL: [Priority; 4] = [Self::Low, Self::Normal, Self::High, Self::NeverRemove];

    /// Its rank, from 0 for what goes first.
    pub(crate) fn level(self) -> u8 {
        self as u8
    }

    pub(crate) fn from_level(level: u8) -> Option<Self> {
        Self::ALL.get(usize::from(level)).copied()
    }
}

/// What applies to the keys of one pattern. What is left out falls to the configured defaults.
///
/// ```
/// use std::time::Duration;
/// use unstale::policy::{Policy, Priority};
///
/// let prices = Policy::new()
///     .absolute_expiration(Duration::from_secs(120))
///     .priority(Priority::Low);
/// assert_eq!(prices.size, None);
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Policy {
    /// How long a value lives after it was loaded.
    pub absolute_expiration: Option<Duration>,
    /// How long a value lives after it was last read; never longer than `absolute_expiration`.
    pub sliding_expiration: Option<Duration>,
    /// What a value counts against L1's size limit.
    pub size: Option<u32>,
    /// How hard L1 holds on to a value.
    pub priority: Option<Priority>,
    /// The name these keys are counted under in metrics; the pattern, if left out.
    pub label: Option<String>,
}

impl Policy {
    /// A policy that decides nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets how long a value lives after it was loaded.
    #[must_use]
    pub fn absolute_expiration(mut self, lifetime: Duration) -> Self {
        self.absolute_expiration = Some(lifetime);
        self
    }

    /// Sets how long a value lives after it was last read.
    #[must_use]
    pub fn sliding_expiration(mut self, idle: Duration) -> Self {
        self.sliding_expiration = Some(idle);
        self
    }

    /// Sets what a value counts against L1's size limit.
    #[must_use]
    pub fn size(mut self, size: u32) -> Self {
        self.size = Some(size);
        self
    }

    /// Sets how hard L1 holds on to a value.
    #[must_use]
    pub fn priority(mut self, priority: Priority) -> Self {
        self.priority = Some(priority);
        self
    }

    /// Sets the name these keys are counted under in metrics.
    #[must_use]
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = Some(label.into());
        self
    }
}

/// One line of a [`PolicyTable`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Rule {
    /// The keys it is about.
    pub pattern: Glob,
    /// What applies to them.
    pub policy: Policy,
    /// The name they are counted under: the policy's label, or else the pattern.
    pub label: Arc<str>,
}

/// Which policy applies to which keys: of the patterns that match, the longest one's.
///
/// The longest is the one that spells out the most of the key; between equals, the one declared
/// first. A policy applies as a whole, so nothing is inherited from a shorter pattern.
///
/// ```
/// use unstale::policy::{Policy, PolicyTable};
///
/// let table = PolicyTable::new()
///     .with("stock:*", Policy::new().size(1))
///     .with("stock:price:*", Policy::new().size(2));
/// let rule = table.resolve("stock:price:MSFT").unwrap();
/// assert_eq!(rule.policy.size, Some(2));
/// assert!(table.resolve("document:7").is_none());
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PolicyTable {
    /// The most specific first, so that the first match is the answer.
    rules: Vec<Rule>,
}

impl PolicyTable {
    /// A table without policies.
    pub fn new() -> Self {
        Self::default()
    }

    /// The table with one more policy; see [`insert`](Self::insert).
    #[must_use]
    pub fn with(mut self, pattern: &str, policy: Policy) -> Self {
        self.insert(pattern, policy);
        self
    }

    /// Adds a policy for the keys that match `pattern`, or replaces the one of the same pattern.
    pub fn insert(&mut self, pattern: &str, policy: Policy) {
        let pattern = Glob::parse(pattern);
        let label = policy.label.as_deref().unwrap_or(pattern.as_str()).into();
        let rule = Rule {
            pattern,
            policy,
            label,
        };
        if let Some(same) = self.rules.iter_mut().find(|r| r.pattern == rule.pattern) {
            *same = rule;
            return;
        }
        let specificity = rule.pattern.literal_len();
        let shorter = |other: &Rule| other.pattern.literal_len() >= specificity;
        let place = self.rules.partition_point(shorter);
        self.rules.insert(place, rule);
    }

    /// The rule that applies to `key`. Takes time in the number of patterns, and allocates nothing.
    pub fn resolve(&self, key: &str) -> Option<&Rule> {
        self.rules.iter().find(|rule| rule.pattern.matches(key))
    }

    /// All rules, the most specific first.
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// Whether there is no policy.
    pub fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn winner<'a>(table: &'a PolicyTable, key: &str) -> Option<&'a str> {
        table.resolve(key).map(|rule| rule.pattern.as_str())
    }

    #[test]
    fn the_longest_matching_pattern_wins_in_any_order_of_declaration() {
        let patterns = [
            "*",
            "feed:*",
            "feed:user:*",
            "feed:user:*:page:1",
            "document:*",
        ];
        for rotation in 0..patterns.len() {
            let mut table = PolicyTable::new();
            for offset in 0..patterns.len() {
                table.insert(
                    patterns[(rotation + offset) % patterns.len()],
                    Policy::new(),
                );
            }
            assert_eq!(
                winner(&table, "feed:user:7:page:1"),
                Some("feed:user:*:page:1")
            );
            assert_eq!(winner(&table, "feed:user:7:page:2"), Some("feed:user:*"));
            assert_eq!(winner(&table, "feed:all"), Some("feed:*"));
            assert_eq!(winner(&table, "else"), Some("*"));
        }
    }

    #[test]
    fn wildcards_do_not_make_a_pattern_longer() {
        let table = PolicyTable::new()
            .with("stock:????????*", Policy::new())
            .with("stock:[A-Z]*[A-Z]*", Policy::new())
            .with("stock:M*", Policy::new());
        assert_eq!(winner(&table, "stock:MSFTMSFT"), Some("stock:M*"));
    }

    #[test]
    fn between_equals_the_first_declared_wins_and_a_repeated_pattern_replaces() {
        let mut table = PolicyTable::new()
            .with("a:*", Policy::new().size(1))
            .with("*:b", Policy::new().size(2));
        assert_eq!(winner(&table, "a:b"), Some("a:*"));
        table.insert("a:*", Policy::new().size(3));
        assert_eq!(table.resolve("a:b").and_then(|r| r.policy.size), Some(3));
        assert_eq!(table.rules().len(), 2);
    }

    #[test]
    fn the_label_is_the_policys_or_the_pattern() {
        let table = PolicyTable::new()
            .with("stock:*", Policy::new().label("stocks"))
            .with("feed:*", Policy::new());
        assert_eq!(&*table.resolve("stock:1").unwrap().label, "stocks");
        assert_eq!(&*table.resolve("feed:1").unwrap().label, "feed:*");
    }

    #[test]
    fn priorities_are_written_in_pascal_case() {
        assert_eq!(
            serde_json::to_string(&Priority::NeverRemove).unwrap(),
            "\"NeverRemove\""
        );
        assert_eq!(
            serde_json::from_str::<Priority>("\"Low\"").unwrap(),
            Priority::Low
        );
        assert!(Priority::Low < Priority::NeverRemove);
    }
}
