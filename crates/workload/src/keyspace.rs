//! The keys of a workload: how they are named, and what one write concerns.

use std::fmt::Write as _;
use std::ops::Range;

/// How keys are named. Keys come in groups that belong to one row: the versions of a document, the
/// pages of a feed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Names {
    /// What every key begins with.
    pub prefix: String,
    /// To how many digits the number of the group is padded.
    pub digits: usize,
    /// What follows the number, one for each key of a group.
    pub members: Vec<String>,
    /// What follows the number in the pattern that stands for a whole group, if a write removes by
    /// pattern and not by key.
    pub pattern: Option<String>,
}

/// All keys of a workload, by number: those of a group follow one another.
#[derive(Clone, Debug)]
pub struct Keyspace {
    names: Vec<String>,
    patterns: Vec<String>,
    members: u32,
    groups: u32,
}

/// What belongs to one row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group<'a> {
    /// The keys, by number.
    pub keys: Range<u32>,
    /// The pattern that stands for all of them, if they are removed by pattern.
    pub pattern: Option<&'a str>,
}

impl Keyspace {
    /// The keys of so many groups.
    pub fn new(groups: u32, names: &Names) -> Self {
        let Names {
            prefix,
            digits,
            members,
            pattern,
        } = names;
        let of_group = |group: u32, rest: &str| {
            let mut name = prefix.clone();
            // Writing to a `String` does not fail.
            let _ = write!(name, "{group:0digits$}{rest}");
            name
        };
        Self {
            names: (0..groups)
                .flat_map(|group| members.iter().map(move |rest| of_group(group, rest)))
                .collect(),
            patterns: pattern.iter().fold(Vec::new(), |_, rest| {
                (0..groups).map(|group| of_group(group, rest)).collect()
            }),
            members: u32::try_from(members.len()).unwrap_or(u32::MAX),
            groups,
        }
    }

    /// How many keys there are.
    pub fn len(&self) -> usize {
        self.names.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// How many keys a group has.
    pub fn members(&self) -> u32 {
        self.members
    }

    /// A key's name.
    pub fn name(&self, key: u32) -> &str {
        &self.names[key as usize]
    }

    /// The groups that a write through this key concerns: its own, and those that follow it.
    pub fn concerned(&self, key: u32, fan_out: u32) -> impl Iterator<Item = Group<'_>> {
        let first = key / self.members;
        (0..fan_out.min(self.groups)).map(move |step| self.group((first + step) % self.groups))
    }

    fn group(&self, group: u32) -> Group<'_> {
        let start = group * self.members;
        Group {
            keys: start..start + self.members,
            pattern: self.patterns.get(group as usize).map(String::as_str),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn feeds() -> Keyspace {
        let names = Names {
            prefix: "feed:user:".into(),
            digits: 0,
            members: vec![":page:1".into(), ":page:2".into()],
            pattern: Some(":page:*".into()),
        };
        Keyspace::new(3, &names)
    }

    #[test]
    fn groups_hold_their_members() {
        let feeds = feeds();
        assert_eq!(feeds.len(), 6);
        assert_eq!(feeds.name(0), "feed:user:0:page:1");
        assert_eq!(feeds.name(5), "feed:user:2:page:2");
    }

    #[test]
    fn a_write_concerns_its_own_group_and_those_that_follow() {
        let feeds = feeds();
        let concerned: Vec<_> = feeds.concerned(5, 2).collect();
        assert_eq!(
            concerned,
            [
                Group {
                    keys: 4..6,
                    pattern: Some("feed:user:2:page:*")
                },
                Group {
                    keys: 0..2,
                    pattern: Some("feed:user:0:page:*")
                }
            ]
        );
        assert_eq!(feeds.concerned(0, 99).count(), 3);
    }

    #[test]
    fn names_are_padded() {
        let names = Names {
            prefix: "k".into(),
            digits: 5,
            members: vec![String::new()],
            pattern: None,
        };
        assert_eq!(Keyspace::new(2, &names).name(1), "k00001");
    }
}
