//! The keys that are read and written: few, so that reads and removals meet.

use serde::{Deserialize, Serialize};

/// Keys that are removed one by one, or in batches.
const ITEMS: u32 = 12;
/// Keys that are removed by patterns too.
const USERS: u32 = 3;
const PAGES: u32 = 3;
/// Keys that are removed by tags too.
const DOCS: u32 = 6;
const TEAMS: u32 = 2;

/// One key: its row in the database.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) struct Key(u32);

/// What a key is about.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    Item(u32),
    Feed { user: u32, page: u32 },
    Doc(u32),
}

/// Keys that are removed together, without being named.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(crate) enum Group {
    /// `feed:<user>:page:*`, found by the prefixes of a key.
    User(u32),
    /// `feed:*:page:<page>`, found in the list of other patterns.
    Page(u32),
    /// A tag.
    Team(u32),
    /// `nothing:<number>:*`, which matches no key.
    Nothing(usize),
    /// Everything there is.
    All,
}

impl Key {
    /// How many there are.
    pub(crate) const COUNT: u32 = ITEMS + USERS * PAGES + DOCS;

    pub(crate) fn all() -> impl Iterator<Item = Key> {
        (0..Self::COUNT).map(Key)
    }

    /// Any key, the first ones more often than the last.
    pub(crate) fn draw(random: &mut fastrand::Rng) -> Self {
        Key(random.u32(0..Self::COUNT).min(random.u32(0..Self::COUNT))).spread()
    }

    /// Deals the hot numbers out to all kinds of keys.
    fn spread(self) -> Self {
        Key(self.0 * 7 % Self::COUNT)
    }

    pub(crate) fn number(self) -> u32 {
        self.0
    }

    pub(crate) fn index(self) -> usize {
        self.0 as usize
    }

    pub(crate) fn place(self) -> Place {
        match self.0 {
            item @ 0..ITEMS => Place::Item(item),
            other => match other - ITEMS {
                feed if feed < USERS * PAGES => Place::Feed {
                    user: feed / PAGES,
                    page: feed % PAGES,
                },
                doc => Place::Doc(doc - USERS * PAGES),
            },
        }
    }

    /// The tag of its values.
    pub(crate) fn tag(self) -> Option<String> {
        match self.place() {
            Place::Doc(doc) => Some(team(doc % TEAMS)),
            Place::Item(_) | Place::Feed { .. } => None,
        }
    }
}

impl std::fmt::Display for Key {
    /// As the cache knows it.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.place() {
            Place::Item(item) => write!(f, "item:{item}"),
            Place::Feed { user, page } => write!(f, "feed:{user}:page:{page}"),
            Place::Doc(doc) => write!(f, "doc:{doc}"),
        }
    }
}

impl Group {
    /// Any pattern.
    pub(crate) fn draw_pattern(random: &mut fastrand::Rng) -> Self {
        if random.bool() {
            Group::User(random.u32(0..USERS))
        } else {
            Group::Page(random.u32(0..PAGES))
        }
    }

    /// Any tag.
    pub(crate) fn draw_tag(random: &mut fastrand::Rng) -> Self {
        Group::Team(random.u32(0..TEAMS))
    }

    /// The pattern or the tag.
    pub(crate) fn name(self) -> String {
        match self {
            Group::User(user) => format!("feed:{user}:page:*"),
            Group::Page(page) => format!("feed:*:page:{page}"),
            Group::Team(number) => team(number),
            Group::Nothing(number) => format!("nothing:{number}:*"),
            Group::All => "*".into(),
        }
    }

    pub(crate) fn keys(self) -> Vec<Key> {
        Key::all().filter(|key| self.contains(*key)).collect()
    }

    fn contains(self, key: Key) -> bool {
        match (self, key.place()) {
            (Group::User(user), Place::Feed { user: other, .. }) => user == other,
            (Group::Page(page), Place::Feed { page: other, .. }) => page == other,
            (Group::Team(team), Place::Doc(doc)) => doc % TEAMS == team,
            (Group::All, _) => true,
            _ => false,
        }
    }
}

fn team(number: u32) -> String {
    format!("team:{number}")
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn keys_are_all_different_and_all_drawn() {
        let names: HashSet<_> = Key::all().map(|key| key.to_string()).collect();
        assert_eq!(names.len(), Key::COUNT as usize);
        let mut random = fastrand::Rng::with_seed(1);
        let drawn: HashSet<_> = (0..10_000).map(|_| Key::draw(&mut random)).collect();
        assert_eq!(drawn.len(), Key::COUNT as usize);
    }

    #[test]
    fn a_group_is_what_its_pattern_or_tag_matches() {
        for group in [Group::User(1), Group::Page(2)] {
            let matching: Vec<_> = Key::all()
                .filter(|key| unstale::glob::Glob::parse(&group.name()).matches(&key.to_string()))
                .collect();
            assert_eq!(group.keys(), matching);
            assert_eq!(matching.len(), 3);
        }
        let tagged: Vec<_> = Key::all()
            .filter(|key| key.tag().as_deref() == Some("team:1"))
            .collect();
        assert_eq!(Group::Team(1).keys(), tagged);
        assert_eq!(tagged.len(), 3);
        assert!(Group::Nothing(7).keys().is_empty());
        assert_eq!(Group::All.keys().len(), Key::COUNT as usize);
    }
}
