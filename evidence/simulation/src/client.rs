//! Somebody who uses an instance: reads, writes the source, removes, and takes down what he saw.

use std::panic::{AssertUnwindSafe, resume_unwind};
use std::sync::Arc;

use futures_util::FutureExt as _;
use history::{Moment, Source};
use serde::{Deserialize, Serialize};
use unstale::{Entry, EntryOptions, Lookup, Outcome};

use crate::keyspace::{Key, SETTABLE, TAG};
use crate::node::{Live, Node};
use crate::plan::{Client, Loader, LoaderEnd, Step, Target, Verb};
use crate::setting::micros;
use crate::site::Site;
use crate::tally::Tally;

/// What is cached: a version of a row, which says whose it is.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) struct Row {
    key: u32,
    version: u64,
}

impl Row {
    /// What a `set` stored.
    pub(crate) fn decode(payload: &[u8]) -> Option<Self> {
        rmp_serde::from_slice(payload).ok()
    }

    /// The value that was set.
    pub(crate) fn value(&self) -> u64 {
        self.version
    }
}

/// A loader that fails.
#[derive(Debug)]
pub(crate) struct Failure;

/// One who uses the instance at one place.
pub(crate) struct User {
    pub(crate) site: Arc<Site>,
    pub(crate) node: Arc<Node>,
    pub(crate) tally: Arc<Tally>,
    pub(crate) number: usize,
}

impl User {
    /// Does one thing after the other.
    pub(crate) async fn run(self, client: Client) {
        for step in &client.steps {
            self.site.network.sleep(step.pause * 1000).await;
            let live = self.node.live().await;
            let act = AssertUnwindSafe(live.gate.through(self.take(&live, step))).catch_unwind();
            tokio::select! {
                biased;
                () = live.killed() => self.note(9, format_args!("dies with instance {}", live.number)),
                // A loader that panics takes its caller with it, and nobody else.
                _ = act => {}
            }
        }
    }

    async fn take(&self, live: &Live, step: &Step) {
        self.tally.verb(name(&step.verb));
        let act = self.act(live, &step.verb);
        match step.patience {
            None => act.await,
            Some(patience) => {
                if tokio::time::timeout(micros(patience), act).await.is_err() {
                    self.note(8, format_args!("gives up"));
                }
            }
        }
    }

    async fn act(&self, live: &Live, verb: &Verb) {
        let began = self.site.clock.stamp();
        match verb {
            Verb::Load {
                key,
                loader,
                with_token,
            } => {
                self.note(0, format_args!("get_or_load {}", key.name()));
                self.load(live, *key, loader, *with_token).await;
            }
            Verb::Lookup { key, loader, fills } => {
                self.note(1, format_args!("lookup {}", key.name()));
                match live.cache.lookup::<Row>(key.name()).await {
                    Lookup::Hit(row) => self.saw(live, *key, &row, None, began, 0),
                    Lookup::Miss(lease) => {
                        let loaded = self.read_source(*key, loader).await;
                        if let (true, Ok(Some(entry))) = (fills, loaded) {
                            lease.fill_entry(entry).await;
                        }
                    }
                }
            }
            Verb::Get { key, with_token } => {
                self.get(live, *key, *with_token).await;
            }
            Verb::GetMany => {
                self.note(3, format_args!("get_many"));
                let keys: Vec<_> = (0..self.site.setting.keys).map(Key).collect();
                let names: Vec<_> = keys.iter().map(|key| key.name()).collect();
                let rows = live.cache.get_many::<Row>(&names).await;
                for (key, row) in keys.iter().zip(rows) {
                    if let Some(row) = row {
                        self.saw(live, *key, &row, None, began, 0);
                    }
                }
            }
            Verb::Write { target, lag } => self.write(live, *target, *lag).await,
            Verb::Set => {
                self.set(live, EntryOptions::new()).await;
            }
        }
    }

    /// Sets a value that was never set before; whether that is known to have been done.
    pub(crate) async fn set(&self, live: &Live, options: EntryOptions) -> bool {
        let row = Row {
            key: SETTABLE.number(),
            version: self.site.ledger.new_value(),
        };
        self.note_with(11, row.version, format_args!("sets value {}", row.version));
        let ledger = &self.site.ledger;
        let (began, before) = (self.site.clock.stamp(), ledger.settled());
        let outcome = live.cache.set(SETTABLE.name(), &row, options).await;
        // It can always be encoded, and its key be used.
        let is_applied = outcome.is_ok_and(|outcome| outcome.is_applied());
        if !is_applied {
            ledger.set_in_vain(live.number, began, before);
        }
        is_applied
    }

    /// `get`, with the newest token for the key or without; the value that it found.
    pub(crate) async fn get(&self, live: &Live, key: Key, with_token: bool) -> Option<u64> {
        let began = self.site.clock.stamp();
        self.note(2, format_args!("get {}", key.name()));
        let (row, at_least) = match self.token(key, with_token) {
            None => (live.cache.get::<Row>(key.name()).await, 0),
            Some((token, version)) => {
                let space = live.cache.space::<Row>(key.group()).after(&token);
                (space.get(key.id()).await, version)
            }
        };
        let row = row?;
        self.saw(live, key, &row, None, began, at_least);
        Some(row.value())
    }

    /// `get_or_load`, with the newest token for the key or without; what answered it.
    pub(crate) async fn load(
        &self,
        live: &Live,
        key: Key,
        loader: &Loader,
        with_token: bool,
    ) -> Option<unstale::Source> {
        let began = self.site.clock.stamp();
        let load = || self.read_source(key, loader);
        let (result, at_least) = match self.token(key, with_token) {
            None => {
                let reading = live.cache.get_or_load_entry_sourced(key.name(), load);
                (reading.await, 0)
            }
            Some((token, version)) => {
                let space = live.cache.space::<Row>(key.group()).after(&token);
                let reading = space.get_or_load_entry_sourced(key.id(), load);
                (reading.await, version)
            }
        };
        let read = result.ok().flatten()?;
        self.saw(live, key, &read.value, Some(read.source), began, at_least);
        Some(read.source)
    }

    fn token(&self, key: Key, with_token: bool) -> Option<(unstale::Token, u64)> {
        with_token.then(|| self.site.ledger.token(key)).flatten()
    }

    async fn read_source(&self, key: Key, loader: &Loader) -> Result<Option<Entry<Row>>, Failure> {
        self.site.network.sleep(loader.before * 1000).await;
        let row = Row {
            key: key.number(),
            version: self.site.ledger.version(key),
        };
        self.note(
            4,
            format_args!("the source says version {} of {}", row.version, key.name()),
        );
        self.site.network.sleep(loader.after * 1000).await;
        match loader.end {
            LoaderEnd::Nothing => return Ok(None),
            LoaderEnd::Error => return Err(Failure),
            // Not `panic!`: nobody is to be told.
            LoaderEnd::Panic => resume_unwind(Box::new("a loader panics")),
            LoaderEnd::Row => {}
        }
        let mut options = EntryOptions::new();
        if key.is_tagged() {
            options = options.tag(TAG);
        }
        if let Some(ttl) = loader.ttl {
            options = options.absolute_expiration(micros(ttl));
        }
        if loader.slides {
            options = options.sliding_expiration(micros(self.site.setting.ttl / 2));
        }
        Ok(Some(Entry::new(row).options(options)))
    }

    /// Takes down a read that was answered.
    fn saw(
        &self,
        live: &Live,
        key: Key,
        row: &Row,
        source: Option<unstale::Source>,
        began: Moment,
        at_least: u64,
    ) {
        let (source, words) = match source {
            Some(unstale::Source::L1) => (Source::L1, "L1"),
            Some(unstale::Source::L2) => (Source::L2, "L2"),
            Some(unstale::Source::Load) => (Source::Load, "his loader"),
            Some(unstale::Source::Flight) => (Source::Flight, "another's read"),
            // L1 or L2: judged by what is demanded of both, which is what is demanded of a flight.
            _ => (Source::Flight, "the cache"),
        };
        self.note_with(
            5,
            row.version << 8 | (key.0 as u64) << 4 | source as u64,
            format_args!("has version {} of {} from {words}", row.version, key.name()),
        );
        let version = match key {
            // The row of another key is as wrong as can be.
            _ if row.key != key.number() => 0,
            SETTABLE => self.site.ledger.place_of(row.version),
            _ => row.version,
        };
        let ledger = &self.site.ledger;
        ledger.read(key, version, live.number, source, began, at_least);
    }

    /// Writes the source, then removes.
    pub(crate) async fn write(&self, live: &Live, target: Target, lag: u64) {
        let covered: Vec<_> = (0..self.site.setting.keys)
            .map(Key)
            .filter(|key| target.covers(*key))
            .collect();
        for key in &covered {
            self.site.ledger.commit(*key);
        }
        self.note(6, format_args!("writes {target:?}"));
        self.site.network.sleep(lag * 1000).await;
        let versions = covered.iter().map(|key| self.site.ledger.version(*key));
        let mut removal = Removal {
            user: self,
            instance: live.number,
            began: self.site.clock.stamp(),
            covered: covered.iter().copied().zip(versions).collect(),
            outcome: None,
        };
        let cache = &live.cache;
        self.note(7, format_args!("removes {target:?}"));
        removal.outcome = Some(match target {
            Target::Key(key) => cache.remove(key.name()).await,
            Target::Batch => {
                let names = covered.iter().map(|key| key.name());
                cache.remove_batch(names).await
            }
            Target::Group => cache.remove_pattern("a:*").await,
            Target::Glob => cache.remove_pattern("?:0").await,
            Target::Tag => cache.remove_tag(TAG).await,
            Target::All => cache.clear().await,
        });
    }

    fn note(&self, kind: u64, words: std::fmt::Arguments<'_>) {
        self.note_with(kind, 0, words);
    }

    fn note_with(&self, kind: u64, number: u64, words: std::fmt::Arguments<'_>) {
        self.site.trace.note(
            &[4, kind, self.number as u64, number],
            format_args!("client {}: {words}", self.number),
        );
    }
}

/// A removal that was asked for. Dropped, it has returned, or nobody waits for it any longer.
struct Removal<'a> {
    user: &'a User,
    instance: u32,
    began: Moment,
    covered: Vec<(Key, u64)>,
    outcome: Option<Outcome>,
}

impl Drop for Removal<'_> {
    fn drop(&mut self) {
        let token = self.outcome.as_ref().and_then(Outcome::token);
        let words = match (&self.outcome, token) {
            (_, Some(token)) => format!("is told: applied at {token}"),
            (Some(_), None) => "is told: pending".to_owned(),
            (None, None) => "is not told".to_owned(),
        };
        self.user
            .note_with(10, u64::from(token.is_some()), format_args!("{words}"));
        let ledger = &self.user.site.ledger;
        ledger.returned(self.instance, self.began, &self.covered, token);
    }
}

impl Target {
    fn covers(self, key: Key) -> bool {
        match self {
            Target::Key(one) => one == key,
            Target::Batch | Target::All => true,
            Target::Group => key.group() == "a",
            Target::Glob => key.id() == "0",
            Target::Tag => key.is_tagged(),
        }
    }
}

fn name(verb: &Verb) -> &'static str {
    match verb {
        Verb::Load {
            with_token: true, ..
        } => "get_or_load after a token",
        Verb::Load { .. } => "get_or_load",
        Verb::Lookup { .. } => "lookup",
        Verb::Get { .. } => "get",
        Verb::GetMany => "get_many",
        Verb::Write { target, .. } => match target {
            Target::Key(_) => "remove",
            Target::Batch => "remove_batch",
            Target::Group | Target::Glob => "remove_pattern",
            Target::Tag => "remove_tag",
            Target::All => "clear",
        },
        Verb::Set => "set",
    }
}
