//! Bans: invalidations by pattern or tag, recorded instead of carried out (Varnish's word and
//! idea). Nothing is scanned and nothing is deleted; an entry loaded before a ban that covers it
//! is a miss.

use std::collections::HashMap;
use std::fmt;
use std::hash::Hash;
use std::sync::Arc;
use std::time::Duration;

use foldhash::fast::RandomState;

use super::guard::Guard;
use super::position::Position;
use super::tick::Tick;
use crate::glob::{self, Glob};

/// What a ban covers.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Scope {
    /// Every key.
    All,
    /// Every key that starts with this literal, which ends in `:`.
    Prefix(Arc<str>),
    /// Every key that matches.
    Glob(Glob),
    /// Every entry that carries this tag.
    Tag(Arc<str>),
}

impl Scope {
    /// The scope of a pattern as a user writes it. Patterns of whole segments, like `a:b:*`, are
    /// found by their prefix; all others are tried one by one.
    pub fn of_pattern(pattern: &str) -> Scope {
        let glob = Glob::parse(pattern);
        match glob.as_prefix() {
            Some("") => Scope::All,
            Some(literal) if literal.ends_with(':') => Scope::Prefix(literal.into()),
            _ => Scope::Glob(glob),
        }
    }

    /// Reads back what [`fmt::Display`] wrote; `None` for a kind this version does not know.
    pub fn from_wire(text: &str) -> Option<Scope> {
        match text.split_at_checked(2)? {
            ("p:", pattern) => Some(Scope::of_pattern(pattern)),
            ("t:", tag) => Some(Scope::Tag(tag.into())),
            _ => None,
        }
    }

    /// Whether the scope may cover an entry of this key. Tags are unknown until an entry is
    /// loaded, so a tag covers every key that is still being loaded.
    pub fn may_cover(&self, key: &str) -> bool {
        match self {
            Scope::All => true,
            Scope::Tag(_) => Guard::TagRevokesEveryTicket.holds(),
            Scope::Prefix(prefix) => key.starts_with(&**prefix),
            Scope::Glob(glob) => glob.matches(key),
        }
    }

    /// The broader scope that this one is folded into when there are too many: by its leading
    /// segment, if that stands in its text as it is, because that is what `bans.lua` can see.
    pub fn folded(&self) -> Scope {
        let text = self.to_string();
        let segment = text.strip_prefix("p:").and_then(|pattern| {
            let end = pattern.find(['*', '?', '[', '\\', ':'])?;
            pattern[end..].starts_with(':').then(|| &pattern[..=end])
        });
        segment.map_or(Scope::All, |segment| Scope::Prefix(segment.into()))
    }
}

/// The form in the log and in `meta`.
impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Scope::All => f.write_str("p:*"),
            Scope::Prefix(prefix) => write!(f, "p:{}*", glob::escape(prefix)),
            Scope::Glob(glob) => write!(f, "p:{glob}"),
            Scope::Tag(tag) => write!(f, "t:{tag}"),
        }
    }
}

/// What a look at the bans says of an entry.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Validity {
    /// No ban forbids it; it need not be compared again with the bans that had arrived by then.
    Valid {
        /// How many bans had arrived.
        checked: u64,
    },
    /// A ban forbids it.
    Banned,
}

#[derive(Copy, Clone, Debug)]
struct Ban {
    /// Entries with an older stamp are forbidden.
    position: Position,
    /// Own bans of this scope that are not acknowledged: these forbid every entry.
    pending: u32,
    /// The count of arrivals when this ban last changed.
    arrival: u64,
    arrived_at: Tick,
}

impl Ban {
    fn forbids(&self, stamp: Position, checked: u64) -> bool {
        !self.was_compared(checked)
            && (Guard::PendingBans.forbids(self.pending > 0) || stamp < self.position)
    }

    /// Whether an entry that was last checked then has been compared with this ban.
    fn was_compared(&self, checked: u64) -> bool {
        if Guard::ArrivalsNotPositions.holds() {
            self.arrival <= checked
        } else {
            self.pending == 0 && self.position.seq <= checked
        }
    }
}

/// All bans that an instance knows of in one partition.
#[derive(Clone, Debug, Default)]
pub(super) struct Bans {
    all: Option<Ban>,
    prefixes: HashMap<Arc<str>, Ban, RandomState>,
    tags: HashMap<Arc<str>, Ban, RandomState>,
    globs: HashMap<Glob, Ban, RandomState>,
    /// The bans that were forgotten, as one on everything: when a record expires is up to the
    /// server's clock, and when a ban is forgotten to this instance's, and no margin between them
    /// is safe from a server whose clock stands still. What a forgotten ban may have covered is
    /// recognised by its stamp; everything younger is not touched.
    forgotten: Option<Ban>,
    arrived: u64,
}

impl Bans {
    /// How many bans have arrived so far. Entries remember this count, not a position: another
    /// instance's earlier ban may arrive after one's own later one.
    pub(super) fn arrived(&self) -> u64 {
        self.arrived
    }

    /// Counts something that every entry must be compared with again.
    pub(super) fn count_arrival(&mut self) -> u64 {
        self.arrived += 1;
        self.arrived
    }

    pub(super) fn add(&mut self, scope: &Scope, position: Position, now: Tick) {
        let arrival = self.count_arrival();
        self.update(scope, now, |ban| {
            ban.position = ban.position.max(position);
            ban.arrival = arrival;
            ban.arrived_at = now;
        });
    }

    /// A ban of our own that is not acknowledged yet.
    pub(super) fn begin(&mut self, scope: &Scope, now: Tick) {
        let arrival = self.count_arrival();
        self.update(scope, now, |ban| {
            ban.pending += 1;
            ban.arrival = arrival;
            ban.arrived_at = now;
        });
    }

    pub(super) fn end(&mut self, scope: &Scope, now: Tick) {
        self.update(scope, now, |ban| {
            ban.pending = ban.pending.saturating_sub(1)
        });
    }

    /// Whether a ban that arrived after the first `checked` forbids this entry.
    pub(super) fn forbid(
        &self,
        key: &str,
        tags: &[Arc<str>],
        stamp: Position,
        checked: u64,
    ) -> bool {
        let forbids = |ban: &Ban| ban.forbids(stamp, checked);
        let by_forgotten = self.forgotten.as_ref().is_some_and(forbids);
        self.all.as_ref().is_some_and(forbids)
            || Guard::ForgottenBansForbid.forbids(by_forgotten)
            || (!self.prefixes.is_empty()
                && prefixes_of(key).any(|p| self.prefixes.get(p).is_some_and(forbids)))
            || tags
                .iter()
                .any(|tag| self.tags.get(tag).is_some_and(forbids))
            || self
                .globs
                .iter()
                .any(|(glob, ban)| forbids(ban) && glob.matches(key))
    }

    /// Whether an own, unacknowledged ban covers an entry of this key with these tags.
    pub(super) fn pending_for(&self, key: &str, tags: &[Arc<str>]) -> bool {
        let pending = |ban: &Ban| Guard::PendingReads.forbids(ban.pending > 0);
        self.all.as_ref().is_some_and(pending)
            || (!self.prefixes.is_empty()
                && prefixes_of(key).any(|p| self.prefixes.get(p).is_some_and(pending)))
            || tags
                .iter()
                .any(|tag| self.tags.get(tag).is_some_and(pending))
            || self
                .globs
                .iter()
                .any(|(glob, ban)| pending(ban) && glob.matches(key))
    }

    /// Forgets the bans of a history that is over; what is pending stays.
    pub(super) fn forget_acknowledged(&mut self) {
        self.forgotten = None;
        self.retain(|ban| ban.pending > 0);
        for ban in self.iter_mut() {
            ban.position = Position::ORIGIN;
        }
    }

    /// Forgets bans that arrived longer than `retention` ago: nothing that they alone forbid is
    /// left, as far as clocks can tell. What is stamped before them stays forbidden.
    pub(super) fn prune(&mut self, now: Tick, retention: Duration) {
        let is_over = |ban: &Ban| ban.pending == 0 && now.since(ban.arrived_at) >= retention;
        let mut forgotten = self.forgotten;
        for (_, ban) in self.scopes().filter(|(_, ban)| is_over(ban)) {
            let floor = forgotten.get_or_insert(ban);
            floor.position = floor.position.max(ban.position);
            floor.arrival = floor.arrival.max(ban.arrival);
        }
        self.forgotten = forgotten;
        self.retain(|ban| !is_over(ban));
    }

    /// Folds acknowledged bans into broader ones at the newest position until at most `limit` are
    /// left: by leading segment first, into one on everything after that. Broader is always safe.
    pub(super) fn fold(&mut self, limit: usize, now: Tick) {
        if self.len() > limit {
            self.fold_into(Scope::folded, now);
        }
        if self.len() > limit {
            self.fold_into(|_| Scope::All, now);
        }
    }

    pub(super) fn len(&self) -> usize {
        self.prefixes.len() + self.tags.len() + self.globs.len() + usize::from(self.all.is_some())
    }

    fn fold_into(&mut self, broader: impl Fn(&Scope) -> Scope, now: Tick) {
        let acknowledged: Vec<_> = self
            .scopes()
            .filter(|(_, ban)| ban.position > Position::ORIGIN)
            .collect();
        self.retain(|ban| ban.pending > 0);
        for (scope, ban) in acknowledged {
            self.add(&broader(&scope), ban.position, now);
        }
    }

    fn scopes(&self) -> impl Iterator<Item = (Scope, Ban)> + '_ {
        let all = self.all.iter().map(|ban| (Scope::All, *ban));
        let prefixes = self
            .prefixes
            .iter()
            .map(|(p, ban)| (Scope::Prefix(p.clone()), *ban));
        let tags = self
            .tags
            .iter()
            .map(|(t, ban)| (Scope::Tag(t.clone()), *ban));
        let globs = self
            .globs
            .iter()
            .map(|(g, ban)| (Scope::Glob(g.clone()), *ban));
        all.chain(prefixes).chain(tags).chain(globs)
    }

    fn iter_mut(&mut self) -> impl Iterator<Item = &mut Ban> {
        self.all
            .iter_mut()
            .chain(self.prefixes.values_mut())
            .chain(self.tags.values_mut())
            .chain(self.globs.values_mut())
    }

    fn retain(&mut self, keep: impl Fn(&Ban) -> bool) {
        self.all = self.all.take().filter(|ban| keep(ban));
        self.prefixes.retain(|_, ban| keep(ban));
        self.tags.retain(|_, ban| keep(ban));
        self.globs.retain(|_, ban| keep(ban));
    }

    fn update(&mut self, scope: &Scope, now: Tick, change: impl FnOnce(&mut Ban)) {
        let fresh = Ban {
            position: Position::ORIGIN,
            pending: 0,
            arrival: 0,
            arrived_at: now,
        };
        let ban = match scope {
            Scope::All => self.all.get_or_insert(fresh),
            Scope::Prefix(prefix) => self.prefixes.entry(prefix.clone()).or_insert(fresh),
            Scope::Tag(tag) => self.tags.entry(tag.clone()).or_insert(fresh),
            Scope::Glob(glob) => self.globs.entry(glob.clone()).or_insert(fresh),
        };
        change(ban);
    }
}

#[cfg(feature = "evidence")]
impl Bans {
    /// The counts of arrivals that it compares with.
    pub(super) fn arrivals(&self) -> impl Iterator<Item = u64> {
        let bans = self.scopes().map(|(_, ban)| ban.arrival);
        let forgotten = self.forgotten.map(|ban| ban.arrival);
        bans.chain(forgotten).chain([self.arrived])
    }

    pub(super) fn write(&self, to: &mut crate::Canonical) {
        to.set(self.scopes(), |to, (scope, ban)| {
            to.scope(&scope);
            to.position(ban.position);
            to.number(u64::from(ban.pending));
            to.rank(ban.arrival);
            to.since(ban.arrived_at, Duration::MAX);
        });
        to.option(self.forgotten, |to, ban| {
            to.position(ban.position);
            to.rank(ban.arrival);
        });
        to.rank(self.arrived);
    }
}

/// The prefixes of a key that end in `:`, shortest first.
fn prefixes_of(key: &str) -> impl Iterator<Item = &str> {
    key.match_indices(':').map(|(end, _)| &key[..=end])
}
