//! What a seed decides.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use fastrand::Rng;
use unstale::Config;
use unstale::evidence::Bytes;
use unstale::evidence::core::{Change, Fenced, History, Message, Position, Scope};
use unstale::evidence::steps::{Caller, State, Step, Stored, identity, lease};

use crate::trouble::Trouble;

/// Few enough to be met again.
pub(crate) const KEYS: [&str; 5] = ["a:1", "a:2", "a:b:1", "b:1", "c"];

const PATTERNS: [&str; 16] = [
    "*", "a:*", "a:b:*", "b:*", "a:1*", "a:?", "?", "c", "c*", "a:b:c:*", "n1:*", "n2:*", "n3:x:*",
    "a[:]*", "\\*:*", "*:1",
];

const TAGS: [&str; 3] = ["red", "green", "a:b"];

/// Lives, in milliseconds: see `LEASE_TTL`.
const LIVES: [u64; 4] = [15, 505, 5_005, 60_005];
const LONGEST: [u64; 4] = [1_005, 60_005, 600_005, 700_005];

/// By how much the clock goes on, in milliseconds; or back, about what a server tolerates.
const AHEAD: [u64; 7] = [10, 20, 100, 500, 1_000, 10_000, 700_000];
const BACK: [u64; 8] = [10, 200, 490, 500, 510, 900, 1_100, 60_000];

/// What has no header, or another version's.
const FOREIGN: [&str; 4] = ["x", "V2 1 1 0 t 0 1 0 1 1 0 ;", "L9 1 1 0 t ;", "V1 7 43"];

/// Whoever asks, and whatever may come to their mind.
pub(crate) struct Choices {
    rng: Rng,
    config: Config,
    pub(crate) callers: Vec<Caller>,
    /// What the server said of its history at one time or another.
    fenced: Vec<Fenced>,
    leases: BTreeMap<Arc<str>, Vec<Bytes>>,
    /// The lease that somebody waited for last, and its key.
    awaited: Option<(Arc<str>, Bytes)>,
    tokens: u64,
}

impl Choices {
    pub(crate) fn new(seed: u64, config: &Config) -> Self {
        let mut choices = Self {
            rng: Rng::with_seed(seed),
            config: config.clone(),
            callers: vec![],
            fenced: vec![],
            leases: BTreeMap::new(),
            awaited: None,
            tokens: 0,
        };
        choices.callers = (0..3).map(|_| choices.stranger()).collect();
        choices
    }

    pub(crate) fn number(&mut self) -> u64 {
        self.rng.u64(..)
    }

    pub(crate) fn chance(&mut self, percent: u32) -> bool {
        self.rng.u32(0..100) < percent
    }

    pub(crate) fn remember(&mut self, fenced: Fenced) {
        self.fenced.push(fenced);
    }

    /// Who asks next: as a rule somebody who is known, now and then somebody else in his place.
    pub(crate) fn caller(&mut self) -> usize {
        let index = self.rng.usize(0..self.callers.len());
        if self.chance(8) {
            self.callers[index] = self.stranger();
            if self.chance(70)
                && let Some(fenced) = self.something_said()
            {
                self.callers[index].adopt(fenced);
            }
        }
        index
    }

    fn stranger(&mut self) -> Caller {
        let longest = self.one_of(&LONGEST);
        Caller::new(&self.config, Duration::from_millis(longest))
    }

    /// What the server said once, or something near it that it may never have said.
    fn something_said(&mut self) -> Option<Fenced> {
        let recent = self.fenced.len().min(10);
        let back = 1 + self.rng.usize(0..recent.max(1));
        let said = *self.fenced.get(self.fenced.len().checked_sub(back)?)?;
        let History { epoch, nonce } = said.history;
        let epoch = match self.rng.u32(0..10) {
            0 => epoch + 1,
            1 => epoch - 1,
            2 => epoch + 1_000_000,
            _ => epoch,
        };
        let nonce = if self.chance(20) { nonce ^ 1 } else { nonce };
        let tail = match self.rng.u32(0..6) {
            0 => said.tail + 1,
            1 => said.tail + 100,
            2 => said.tail.saturating_sub(1),
            _ => said.tail,
        };
        Some(Fenced {
            history: History { epoch, nonce },
            tail,
            ..said
        })
    }

    pub(crate) fn trouble(&mut self, now: u64) -> Trouble {
        let key = self.one_of(&KEYS);
        match self.rng.u32(0..100) {
            0..=34 => Trouble::Clock(now + self.one_of(&AHEAD)),
            35..=44 => Trouble::Clock(now - self.one_of(&BACK)),
            45..=49 => Trouble::ChangeOwner,
            50..=51 => Trouble::Flush,
            52..=54 => Trouble::LoseMeta,
            55..=57 => Trouble::LoseLog,
            58..=61 => Trouble::Trim(self.rng.usize(0..4)),
            62..=66 => Trouble::Evict(key),
            67..=70 => Trouble::Plant(key, Bytes::from_static(self.one_of(&FOREIGN).as_bytes())),
            71..=84 => Trouble::Keep,
            85..=90 => Trouble::GoBack,
            _ => Trouble::MetaGoesBack,
        }
    }

    pub(crate) fn step(&mut self, caller: usize, state: &State) -> Step {
        let key: Arc<str> = self.one_of(&KEYS).into();
        match self.rng.u32(0..100) {
            0..=14 => Step::Fence,
            15..=39 => self.invalidation(),
            40..=49 => {
                let values: Vec<_> = (0..self.rng.usize(1..3)).map(|_| self.value()).collect();
                let keys = values.iter().map(|value| Change::Key(value.key.clone()));
                Step::Store(self.sent(keys.collect()), values)
            }
            50..=57 => Step::LookGuarded(key),
            58..=71 => {
                let lease = self.lease(&key, caller);
                Step::Claim { key, lease }
            }
            72..=79 => {
                let (seen, lease) = (self.seen(&key, state), self.lease(&key, caller));
                Step::TakeOver { key, seen, lease }
            }
            80..=88 => {
                let (key, lease) = match self.chance(40) {
                    true => self.awaited_lease(&key, caller),
                    false => (key.clone(), self.known_lease(&key, caller)),
                };
                Step::Fill {
                    lease,
                    stamp: self.callers[caller].witness().position(),
                    value: Stored {
                        key,
                        ..self.value()
                    },
                }
            }
            89..=92 => {
                let (key, lease) = self.awaited_lease(&key, caller);
                self.awaited = Some((key.clone(), lease.clone()));
                Step::AwaitFill { key, lease }
            }
            93..=94 => Step::HandOver {
                lease: self.awaited_lease(&key, caller).1,
                stamp: self.callers[caller].witness().position(),
                value: self.value(),
            },
            95..=96 => Step::Release {
                lease: self.known_lease(&key, caller),
                key,
            },
            _ => Step::Touch {
                seen: self.seen(&key, state),
                key,
            },
        }
    }

    pub(crate) fn invalidation(&mut self) -> Step {
        Step::Invalidate(self.message())
    }

    fn message(&mut self) -> Message {
        let keys = (0..self.rng.usize(0..3)).map(|_| Change::Key(self.one_of(&KEYS).into()));
        let keys: Vec<_> = keys.collect();
        let most = if self.chance(10) { 7 } else { 2 };
        let bans = (0..self.rng.usize(0..=most)).map(|_| Change::Ban(self.scope()));
        let bans: Vec<_> = bans.collect();
        self.sent([keys, bans].concat())
    }

    fn sent(&mut self, changes: Vec<Change>) -> Message {
        Message {
            id: self.rng.u64(1..),
            origin: self.rng.u64(1..9),
            sent_at: self.rng.u64(1..9),
            changes,
            ..Message::default()
        }
    }

    fn scope(&mut self) -> Scope {
        if self.chance(25) {
            Scope::Tag(self.one_of(&TAGS).into())
        } else {
            Scope::of_pattern(self.one_of(&PATTERNS))
        }
    }

    fn value(&mut self) -> Stored {
        Stored {
            key: self.one_of(&KEYS).into(),
            token: self.token(),
            ttl: Duration::from_millis(self.one_of(&LIVES)),
            sliding: self
                .chance(40)
                .then(|| Duration::from_millis(self.one_of(&LIVES))),
        }
    }

    fn token(&mut self) -> String {
        self.tokens += 1;
        format!("{:016x}.{:x}", 7, self.tokens)
    }

    fn lease(&mut self, key: &Arc<str>, caller: usize) -> Bytes {
        let stamp: Position = self.callers[caller].witness().position();
        let lease = lease(stamp, &self.token());
        let known = self.leases.entry(key.clone()).or_default();
        known.push(lease.clone());
        lease
    }

    /// The newest lease of a key, as a rule.
    fn known_lease(&mut self, key: &Arc<str>, caller: usize) -> Bytes {
        let known = self.leases.get(key).map_or(0, Vec::len);
        let back = if self.chance(80) { 1 } else { 2 };
        match known.checked_sub(back) {
            Some(index) => self.leases[key][index].clone(),
            None => self.lease(key, caller),
        }
    }

    /// The lease that was waited for last, as a rule.
    fn awaited_lease(&mut self, key: &Arc<str>, caller: usize) -> (Arc<str>, Bytes) {
        match self.awaited.clone() {
            Some(awaited) if self.chance(60) => awaited,
            _ => (key.clone(), self.known_lease(key, caller)),
        }
    }

    /// The beginning of what is there, as a rule.
    fn seen(&mut self, key: &Arc<str>, state: &State) -> Bytes {
        let found = state.records.get(key).and_then(Option::as_ref);
        match found {
            Some(found) if self.chance(85) => Bytes::copy_from_slice(identity(&found.bytes)),
            _ => Bytes::from_static(b"V1 7 43 0 t "),
        }
    }

    fn one_of<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.rng.usize(0..choices.len())]
    }
}
