//! What really happened, as nobody in the model can know it: the source's versions, and what
//! became of every write.

use std::time::Duration;

use unstale_core::{Canonical, Change, Position, Scope as Ban, Tick};

use crate::promise::Promise;
use crate::scope::{KEYS, Scope, Target};

/// The version of a key's value in the source: the higher, the newer.
pub(crate) type Version = u8;

/// One version for each key; zero where it is none.
pub(crate) type Versions = [Version; KEYS.len()];

/// That a server went back in place is not noticed yet.
const UNNOTICED: Tick = Tick::FAR_FUTURE;

/// A removal or a `set`, from the moment it began.
#[derive(Clone, Debug)]
pub(crate) struct Write {
    /// Who asked for it.
    pub(crate) by: usize,
    pub(crate) target: Target,
    /// What it was about when it began.
    began: Versions,
    /// The versions that it makes known, of the keys that it covers.
    pub(crate) versions: Versions,
    /// A ban on everything took its place.
    collapsed: bool,
    /// It is a part of a batch under way.
    flying: bool,
    /// When and where it was executed, in the history that the server has.
    pub(crate) executed: Option<(Tick, Position)>,
    /// When it was acknowledged, and its token.
    pub(crate) acknowledged: Option<(Tick, Position)>,
    /// When it was lost so that an instance's connection for commands survived: what reads on that
    /// instance are promised about it counts from then.
    lost: [Option<Tick>; 2],
}

/// The writes of one batch, as a set of indices.
#[derive(Copy, Clone, Default, PartialEq, Eq, Debug)]
pub(crate) struct Group(u8);

/// The source, and every write there ever was.
#[derive(Clone, Debug)]
pub(crate) struct Ledger {
    pub(crate) source: Versions,
    pub(crate) writes: Vec<Write>,
}

/// A promise about a read: it returns at least this version.
pub(crate) type Floor = (Promise, Version);

impl Ledger {
    pub(crate) fn new() -> Self {
        Self {
            source: [1; KEYS.len()],
            writes: Vec::new(),
        }
    }

    /// The source is written, and the write to the cache begins.
    pub(crate) fn begin(&mut self, by: usize, target: Target, stores: bool) {
        let mut versions = Versions::default();
        for key in (0..KEYS.len()).filter(|key| target.covers(*key)) {
            self.source[key] += 1;
            versions[key] = self.source[key];
        }
        self.writes.push(Write {
            by,
            target,
            began: versions,
            versions,
            collapsed: false,
            flying: stores,
            executed: None,
            acknowledged: None,
            lost: [None; 2],
        });
    }

    /// The write that began last.
    pub(crate) fn newest(&self) -> Group {
        Group(1 << (self.writes.len() - 1))
    }

    /// The instance's writes that one of these changes is about, and that nothing under way is
    /// about; they take off.
    pub(crate) fn take_off<'a>(
        &mut self,
        by: usize,
        changes: impl Iterator<Item = &'a Change> + Clone,
    ) -> Group {
        let mut group = Group::default();
        for (index, write) in self.writes.iter_mut().enumerate() {
            let waits = write.by == by && write.acknowledged.is_none() && !write.flying;
            if waits && changes.clone().any(|change| *change == write.change()) {
                write.flying = true;
                group.0 |= 1 << index;
            }
        }
        group
    }

    /// The instance's writes that nothing under way is about.
    pub(crate) fn waiting(&self, by: usize) -> Group {
        let mut group = Group::default();
        for (index, write) in self.writes.iter().enumerate() {
            if write.by == by && write.acknowledged.is_none() && !write.flying {
                group.0 |= 1 << index;
            }
        }
        group
    }

    /// Whether all of these are acknowledged.
    pub(crate) fn are_acknowledged(&self, group: Group) -> bool {
        let writes = self.writes.iter().enumerate();
        writes
            .filter(|(index, _)| group.0 >> index & 1 == 1)
            .all(|(_, write)| write.acknowledged.is_some())
    }

    /// A batch was not acknowledged.
    pub(crate) fn put_back(&mut self, group: Group) {
        self.of(group).for_each(|write| write.flying = false);
    }

    /// A ban on everything took the place of all that waits.
    pub(crate) fn collapse(&mut self, by: usize) {
        for write in &mut self.writes {
            if write.by == by && write.acknowledged.is_none() && !write.flying {
                write.collapsed = true;
            }
        }
    }

    pub(crate) fn execute(&mut self, group: Group, position: Position, now: Tick) {
        self.of(group).for_each(|write| {
            write.executed.get_or_insert((now, position));
            write.lost = [None; 2];
        });
    }

    /// A `set` is executed: the value it stores is newer than whatever was loaded before.
    pub(crate) fn store(&mut self, group: Group, key: usize) -> Version {
        self.source[key] += 1;
        let newest = self.source[key];
        self.of(group)
            .for_each(|write| write.versions[key] = newest);
        newest
    }

    pub(crate) fn acknowledge(&mut self, group: Group, position: Position, now: Tick) {
        self.of(group).for_each(|write| {
            write.flying = false;
            write.acknowledged.get_or_insert((now, position));
        });
    }

    /// A replica takes over that has come to `tail`. Whatever was executed behind it is lost.
    ///
    /// Nothing else is forgiven than what the contract excepts, connections that survive a
    /// failover, and only to the instance that has one: whoever has to connect again is fenced
    /// before he reads L2. A reader of the log that survives forgives nothing, because L1 rests on
    /// proofs that are older than the failover until a probe has told of it.
    pub(crate) fn fail_over(
        &mut self,
        tail: Option<Position>,
        survived: [bool; 2],
        now: Tick,
    ) -> bool {
        self.lose_behind(tail, |_| survived.map(|survived| survived.then_some(now)))
    }

    /// The server goes back to `tail`, and nobody tells. Those who knew no more cannot notice until one
    /// speaks to it who did; what is promised to the others counts from now.
    pub(crate) fn go_back(&mut self, tail: Option<Position>, now: Tick) -> bool {
        self.lose_behind(tail, |write| {
            [0, 1].map(|by| Some(if by == write.by { now } else { UNNOTICED }))
        })
    }

    /// Whoever knew more has spoken to the server.
    pub(crate) fn is_found_out(&mut self) {
        for lost in self.writes.iter_mut().flat_map(|write| &mut write.lost) {
            if *lost == Some(UNNOTICED) {
                *lost = Some(Tick::default());
            }
        }
    }

    fn lose_behind(
        &mut self,
        tail: Option<Position>,
        noticed: impl Fn(&Write) -> [Option<Tick>; 2],
    ) -> bool {
        let mut lost_any = false;
        for write in &mut self.writes {
            let lost = write
                .executed
                .take_if(|(_, position)| tail.is_none_or(|tail| *position > tail));
            if lost.is_some() {
                write.lost = noticed(write);
                lost_any = true;
            }
        }
        lost_any
    }

    /// The newest version of the key whose removal was executed.
    pub(crate) fn executed(&self, key: usize) -> Version {
        self.newest_of(key, |write| write.executed.is_some())
    }

    /// The newest version whose removal this instance has applied, which follows the log up to
    /// `at`.
    pub(crate) fn applied(&self, by: usize, key: usize, at: Position, scope: &Scope) -> Version {
        self.newest_of(key, |write| {
            let counts = write.by != by || write.counts_for_its_own(scope);
            counts && write.is_applied_by(by, at)
        })
    }

    /// What a read has to see that starts now.
    pub(crate) fn floors(
        &self,
        by: usize,
        key: usize,
        token: Option<usize>,
        now: Tick,
        scope: &Scope,
    ) -> [Floor; 3] {
        let is_over = |since: Tick| now >= since + scope.max_staleness();
        let stands = |write: &Write| {
            let lost = write.lost[by].filter(|_| write.acknowledged.is_some());
            lost.is_none_or(is_over)
        };
        let own =
            |write: &Write| write.by == by && write.counts_for_its_own(scope) && stands(write);
        let known = |write: &Write| {
            let acknowledged = write.acknowledged.map(|(when, _)| when);
            acknowledged.is_some_and(|when| is_over(when.max(write.lost[by].unwrap_or(when))))
        };
        let asked = token
            .map(|index| &self.writes[index])
            .filter(|write| stands(write));
        [
            (Promise::F2, self.newest_own(key, own)),
            (Promise::F6, asked.map_or(0, |write| write.versions[key])),
            (Promise::F3, self.newest_of(key, known)),
        ]
    }

    /// Something that was executed `MaxStaleness` ago, and that an instance that follows the log
    /// up to `at` has not applied.
    pub(crate) fn missed(
        &self,
        by: usize,
        at: Position,
        now: Tick,
        max_staleness: Duration,
    ) -> Option<&Write> {
        self.writes.iter().find(|write| {
            let executed = write.executed.map(|(when, _)| when);
            executed.is_some_and(|when| now >= when + max_staleness) && !write.is_applied_by(by, at)
        })
    }

    /// The token of a write, once it is acknowledged.
    pub(crate) fn token(&self, index: usize) -> Option<Position> {
        self.writes[index].acknowledged.map(|(_, token)| token)
    }

    /// The writes whose tokens are out: their indices, and the tokens.
    pub(crate) fn tokens(&self) -> impl Iterator<Item = (usize, Position)> + '_ {
        let writes = self.writes.iter().enumerate();
        writes.filter_map(|(index, write)| Some((index, write.acknowledged?.1)))
    }

    fn newest_of(&self, key: usize, counts: impl Fn(&Write) -> bool) -> Version {
        let writes = self.writes.iter().filter(|write| counts(write));
        writes.map(|write| write.versions[key]).max().unwrap_or(0)
    }

    /// A `set` stores something newer still, which counts for its caller once it is acknowledged.
    fn newest_own(&self, key: usize, counts: impl Fn(&Write) -> bool) -> Version {
        let writes = self.writes.iter().filter(|write| counts(write));
        let versions = writes.map(|write| match write.acknowledged {
            Some(_) => write.versions[key],
            None => write.began[key],
        });
        versions.max().unwrap_or(0)
    }

    fn of(&mut self, group: Group) -> impl Iterator<Item = &mut Write> {
        let writes = self.writes.iter_mut().enumerate();
        writes.filter_map(move |(index, write)| (group.0 >> index & 1 == 1).then_some(write))
    }

    pub(crate) fn write(&self, to: &mut Canonical, place: [usize; 2], max_staleness: Duration) {
        to.list(self.source, |to, version| to.number(version.into()));
        to.list(&self.writes, |to, write| {
            to.number(place[write.by] as u64);
            to.change(&write.change());
            to.list(write.began, |to, version| to.number(version.into()));
            to.list(write.versions, |to, version| to.number(version.into()));
            to.flag(write.flying);
            let event = |to: &mut Canonical, (when, position)| {
                to.since(when, max_staleness);
                to.position(position);
            };
            to.option(write.executed, event);
            to.option(write.acknowledged, event);
            to.list(place, |to, by| {
                to.option(write.lost[by], |to, when| to.since(when, max_staleness));
            });
        });
    }
}

impl Write {
    /// What is sent for it.
    fn change(&self) -> Change {
        if self.collapsed {
            Change::Ban(Ban::All)
        } else {
            self.target.change()
        }
    }

    /// Whether anything is promised about it to the instance that asked for it.
    fn counts_for_its_own(&self, scope: &Scope) -> bool {
        scope.own_at_once || self.acknowledged.is_some()
    }

    fn is_applied_by(&self, by: usize, at: Position) -> bool {
        self.executed.is_some_and(|(_, position)| {
            let acknowledged = self.by == by && self.acknowledged.is_some();
            acknowledged || position <= at
        })
    }
}

impl Group {
    pub(crate) fn merge(&mut self, other: Group) {
        self.0 |= other.0;
    }

    pub(crate) fn write(self, to: &mut Canonical) {
        to.number(self.0.into());
    }
}
