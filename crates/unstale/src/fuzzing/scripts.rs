//! The patterns that the scripts match records and bans with, taken from the scripts themselves.

use std::sync::LazyLock;

use regex::bytes::Regex;

/// A Lua pattern, and what it captures.
#[derive(Debug)]
pub struct Pattern {
    /// As it stands in the script, between quotes.
    pub lua: &'static str,
    regex: Regex,
}

/// What `touch.lua` reads of a record: its deadline and its sliding expiration.
pub(super) static TOUCH: LazyLock<Pattern> = LazyLock::new(|| {
    let script = include_str!("../tiers/redis/scripts/touch.lua");
    Pattern::of(script, "string.match(header, '")
});

/// What `guarded.lua` reads of a record: its stamp.
pub(super) static GUARDED: LazyLock<Pattern> = LazyLock::new(|| {
    let script = include_str!("../tiers/redis/scripts/guarded.lua");
    Pattern::of(script, "string.match(record, '")
});

/// What `bans.lua` folds a ban by: its leading segment.
pub(super) static FOLD: LazyLock<Pattern> = LazyLock::new(|| {
    let script = include_str!("../tiers/redis/scripts/bans.lua");
    Pattern::of(script, "string.match(name, '")
});

/// All of them.
pub static PATTERNS: [&LazyLock<Pattern>; 3] = [&TOUCH, &GUARDED, &FOLD];

impl Pattern {
    /// The pattern behind these words of a script. Of Lua's own classes the scripts use few, and
    /// what else they use means the same in a regular expression.
    fn of(script: &'static str, behind: &str) -> Self {
        let (_, rest) = script.split_once(behind).expect("the script matches");
        let (lua, _) = rest.split_once('\'').expect("the pattern ends");
        let translated = lua
            .replace("%d", "[0-9]")
            .replace("%S", r"[^\t-\r ]")
            .replace("%[", r"\[");
        assert!(!translated.contains('%'), "{lua} is not understood");
        let regex = Regex::new(&format!("(?s-u){translated}")).expect("it is an expression");
        Self { lua, regex }
    }

    /// What the pattern captures in this text, if it matches.
    pub fn captures<'t>(&self, text: &'t [u8]) -> Option<Vec<&'t [u8]>> {
        let found = self.regex.captures(text)?;
        let groups = found.iter().skip(1).flatten();
        Some(groups.map(|group| group.as_bytes()).collect())
    }
}
