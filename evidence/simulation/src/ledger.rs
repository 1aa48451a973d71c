//! The source of truth, and everything that has to be known to judge what was read.

use std::sync::Arc;
use std::time::Duration;

use history::{Event, Invalidation, Moment, Read, Source, Write};
use parking_lot::Mutex;
use unstale::Token;
use unstale::evidence::core::{Change, History, Message};

use crate::clock::Clock;
use crate::keyspace::{KEYS, Key, SETTABLE};

/// Who the hub is, among the instances whose writes are judged: nobody reads on it, so what it
/// executed binds all instances alike.
const HUB: u32 = u32::MAX;

/// Takes down what was written, removed and read.
pub(crate) struct Ledger {
    clock: Arc<Clock>,
    max_staleness: u64,
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    /// The source of truth: the version of each key.
    versions: [u64; KEYS],
    /// How many values have been set.
    values: u64,
    /// What became of the key that is set, as the hub executed it: values, and removals.
    order: Vec<Option<u64>>,
    events: Vec<Event>,
    tokens: [Vec<(Token, u64)>; KEYS],
    /// The histories that the hub has answered with.
    histories: Vec<History>,
    lapses: Vec<Lapse>,
}

impl Kept {
    /// Something became of the key that is set: its place in the order of things.
    fn settled(&mut self, value: Option<u64>) -> u64 {
        self.order.push(value);
        self.order.len() as u64
    }

    /// Whoever reads from now on must see at least this, sooner or later.
    fn bind_all(&mut self, key: Key, version: u64, at: Moment, invalidation: Invalidation) {
        self.events.push(Event::Write(Write {
            key: key.number(),
            version,
            instance: HUB,
            began: at,
            ended: at,
            acknowledged: true,
            invalidation,
        }));
    }
}

/// A failover that connections survived: what was removed before may come back, until everybody
/// has noticed.
struct Lapse {
    /// What was executed after this is lost.
    from: u64,
    at: u64,
    /// When a new epoch began.
    noticed: Option<u64>,
}

impl Ledger {
    pub(crate) fn new(clock: &Arc<Clock>, max_staleness: u64) -> Arc<Self> {
        let kept = Kept {
            versions: [1; KEYS],
            ..Kept::default()
        };
        Arc::new(Self {
            clock: clock.clone(),
            max_staleness: max_staleness * 1000,
            kept: Mutex::new(kept),
        })
    }

    /// What the source says now.
    pub(crate) fn version(&self, key: Key) -> u64 {
        let versions = &self.kept.lock().versions;
        versions.get(key.0).copied().unwrap_or_default()
    }

    /// The source is written.
    pub(crate) fn commit(&self, key: Key) {
        if let Some(version) = self.kept.lock().versions.get_mut(key.0) {
            *version += 1;
        }
    }

    /// An instance's own removal has returned, or nobody waits for it any longer.
    pub(crate) fn returned(
        &self,
        instance: u32,
        began: Moment,
        covered: &[(Key, u64)],
        token: Option<&Token>,
    ) {
        let ended = self.clock.stamp();
        let mut kept = self.kept.lock();
        for &(key, version) in covered.iter().filter(|(key, _)| *key != SETTABLE) {
            kept.events.push(Event::Write(Write {
                key: key.number(),
                version,
                instance,
                began,
                ended,
                acknowledged: false,
                invalidation: Invalidation::Removal,
            }));
            if let Some(token) = token {
                kept.tokens[key.0].push((token.clone(), version));
            }
        }
    }

    /// The hub has executed a removal. From now on nothing that was loaded before is to be had from
    /// it, and soon not from any instance.
    pub(crate) fn executed(&self, message: &Message) {
        let ended = self.clock.stamp();
        let mut kept = self.kept.lock();
        for key in (0..=KEYS).map(Key) {
            let mut covering = message
                .changes
                .iter()
                .filter(|change| key.is_covered_by(change))
                .peekable();
            if covering.peek().is_none() {
                continue;
            }
            let is_removed = covering.any(|change| matches!(change, Change::Key(_)));
            let version = match key {
                SETTABLE => kept.settled(None),
                _ => kept.versions[key.0],
            };
            let invalidation = if is_removed {
                Invalidation::Removal
            } else {
                Invalidation::Ban
            };
            kept.bind_all(key, version, ended, invalidation);
        }
    }

    /// A value that was never set before.
    pub(crate) fn new_value(&self) -> u64 {
        let mut kept = self.kept.lock();
        kept.values += 1;
        kept.values
    }

    /// How much has become of the key that is set.
    pub(crate) fn settled(&self) -> u64 {
        self.kept.lock().order.len() as u64
    }

    /// A `set` was not acknowledged, so it is a removal now: its instance may not read what was there
    /// `before`.
    pub(crate) fn set_in_vain(&self, instance: u32, began: Moment, before: u64) {
        let ended = self.clock.stamp();
        self.kept.lock().events.push(Event::Write(Write {
            key: SETTABLE.number(),
            version: before + 1,
            instance,
            began,
            ended,
            acknowledged: false,
            invalidation: Invalidation::Removal,
        }));
    }

    /// The hub has stored a value that was set: all earlier ones are void.
    pub(crate) fn stored(&self, value: u64) {
        let ended = self.clock.stamp();
        let mut kept = self.kept.lock();
        let place = kept.settled(Some(value));
        kept.bind_all(SETTABLE, place, ended, Invalidation::Removal);
    }

    /// The place of a value that was set among all that was set and removed, as the hub executed it;
    /// zero for one that it never stored.
    pub(crate) fn place_of(&self, value: u64) -> u64 {
        let kept = self.kept.lock();
        let place = kept.order.iter().rposition(|stored| *stored == Some(value));
        place.map_or(0, |index| index as u64 + 1)
    }

    /// Whether a value was ever set and stored.
    pub(crate) fn was_set(&self) -> bool {
        self.kept.lock().order.iter().any(Option::is_some)
    }

    /// The value of the key that is set; `None` where it was removed since, or never set.
    pub(crate) fn newest(&self) -> Option<u64> {
        self.kept.lock().order.last().copied().flatten()
    }

    /// The newest token for a key, and the version that it stands for.
    pub(crate) fn token(&self, key: Key) -> Option<(Token, u64)> {
        self.kept.lock().tokens.get(key.0)?.last().cloned()
    }

    /// A read was answered.
    pub(crate) fn read(
        &self,
        key: Key,
        version: u64,
        instance: u32,
        source: Source,
        began: Moment,
        at_least: u64,
    ) {
        let ended = self.clock.stamp();
        // A copy is handed out in the very moment in which the read ends.
        let began = match source {
            Source::L1 => ended,
            _ => began,
        };
        self.kept.lock().events.push(Event::Read(Read {
            key: key.number(),
            version,
            instance,
            source,
            began,
            ended,
            at_least,
        }));
    }

    /// The hub has answered a fence.
    pub(crate) fn fenced(&self, history: History) {
        let now = self.clock.now();
        let mut kept = self.kept.lock();
        // By its nonce: a server that has forgotten an epoch that nobody else knows may give its number
        // again, or a lower one where its clock was set back.
        if !kept.histories.contains(&history) {
            kept.histories.push(history);
            for lapse in &mut kept.lapses {
                lapse.noticed.get_or_insert(now);
            }
        }
    }

    /// A failover was survived by connections; what was executed since `from` is lost.
    pub(crate) fn lapsed(&self, from: u64) {
        let at = self.clock.now();
        self.kept.lock().lapses.push(Lapse {
            from,
            at,
            noticed: None,
        });
    }

    /// Everything that is to be judged: twice where connections survived a failover, because L1 is
    /// excused for less long than L2 then.
    pub(crate) fn histories(&self) -> Vec<Vec<Event>> {
        let kept = self.kept.lock();
        if kept.lapses.is_empty() {
            return vec![kept.events.clone()];
        }
        [true, false]
            .map(|of_l1| {
                let events = kept.events.iter().filter(|event| match event {
                    Event::Read(read) => (read.source == Source::L1) == of_l1,
                    Event::Write(_) => true,
                });
                let mut events: Vec<_> = events.copied().collect();
                kept.lapses
                    .iter()
                    .for_each(|lapse| self.excuse(lapse, of_l1, &mut events));
                events
            })
            .into()
    }

    /// F2 and F3 count from the failover. A copy is void `MaxStaleness` after it, because whoever
    /// proved himself since has noticed; a record of the old epoch is one until there is a new one.
    fn excuse(&self, lapse: &Lapse, of_l1: bool, events: &mut [Event]) {
        let noticed = match lapse.noticed {
            _ if of_l1 => 0,
            noticed => noticed.unwrap_or(u64::MAX),
        };
        let until = Moment::from_nanos(noticed.max(lapse.at + self.max_staleness));
        let (from, at) = (Moment::from_nanos(lapse.from), Moment::from_nanos(lapse.at));
        for event in events {
            match event {
                Event::Write(write) if write.ended >= from && write.ended < until => {
                    write.ended = until;
                }
                Event::Read(read) if read.ended >= at && read.began < until => {
                    read.at_least = 0;
                }
                _ => {}
            }
        }
    }

    /// Whether a failover that connections survived has not led to a new epoch.
    pub(crate) fn has_unnoticed_failover(&self) -> bool {
        let kept = self.kept.lock();
        kept.lapses.iter().any(|lapse| lapse.noticed.is_none())
    }

    pub(crate) fn max_staleness(&self) -> Duration {
        Duration::from_nanos(self.max_staleness)
    }
}
