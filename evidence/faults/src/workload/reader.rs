//! A task that reads.

use std::{panic::AssertUnwindSafe, time::Duration};

use futures_util::FutureExt as _;
use history::{Event, Read};
use tokio::time::timeout;

use super::Actor;
use crate::{
    clock,
    keyspace::Key,
    subject::{Seen, Subject},
};

/// Reads between two pauses.
const BURST: u32 = 24;
const PAUSE: Duration = Duration::from_millis(1);
/// A pause when the judge is far behind.
const LONG_PAUSE: Duration = Duration::from_millis(50);

pub(super) async fn run<S: Subject>(mut actor: Actor<S>) {
    while actor.goes_on() {
        for _ in 0..BURST {
            actor.read_somehow().await;
            actor.reporter.send_if_due();
        }
        let behind = actor.reporter.is_behind();
        actor.pause(if behind { LONG_PAUSE } else { PAUSE }).await;
    }
}

impl<S: Subject> Actor<S> {
    async fn read_somehow(&mut self) {
        let key = Key::draw(&mut self.random);
        match self.random.u8(0..100) {
            0..6 => self.look_up(key).await,
            6..10 => self.get(key).await,
            10..12 => self.get_many(key).await,
            12..22 => self.read_after(key).await,
            _ => self.read(key).await,
        }
    }

    /// A plain read.
    pub(super) async fn read(&mut self, key: Key) {
        let began = clock::now();
        let reading = self.subject.read(key, None, &self.loader);
        let seen = self.patiently(reading).await.flatten();
        self.note(key, seen, began, 0);
    }

    /// A read that carries what a user was told, on whichever instance.
    async fn read_after(&mut self, key: Key) {
        let Some((version, token)) = self.database.carried(key) else {
            return;
        };
        let began = clock::now();
        let reading = self.subject.read(key, Some(&token), &self.loader);
        let seen = self.patiently(reading).await.flatten();
        self.note(key, seen, began, version);
    }

    async fn look_up(&mut self, key: Key) {
        let began = clock::now();
        let looking = self.subject.look_up(key, &self.loader);
        let seen = self.patiently(looking).await.flatten();
        self.note(key, seen, began, 0);
    }

    async fn get(&mut self, key: Key) {
        let began = clock::now();
        let seen = self.patiently(self.subject.get(key)).await.flatten();
        self.note(key, seen, began, 0);
    }

    async fn get_many(&mut self, first: Key) {
        let keys = [
            first,
            Key::draw(&mut self.random),
            Key::draw(&mut self.random),
        ];
        let began = clock::now();
        let seen = self.patiently(self.subject.get_many(&keys)).await;
        for (key, seen) in keys.into_iter().zip(seen.unwrap_or_default()) {
            self.note(key, seen, began, 0);
        }
    }

    /// What brought nothing is no read.
    fn note(&mut self, key: Key, seen: Option<Seen>, began: u64, at_least: u64) {
        let Some(seen) = seen else {
            return;
        };
        if seen.key != key {
            self.reporter.wrong(format!(
                "a read of {key} was answered with the row of {}",
                seen.key
            ));
            return;
        }
        self.reporter.note(Event::Read(Read {
            key: key.number(),
            version: seen.version,
            instance: self.instance,
            source: seen.source,
            began: history::Moment::from_nanos(began),
            ended: clock::moment(),
            at_least,
        }));
    }

    /// `None` when it took too long and was dropped, or when its loader panicked.
    async fn patiently<T>(&self, reading: impl Future<Output = T>) -> Option<T> {
        let reading = timeout(self.loader.patience(), reading);
        AssertUnwindSafe(reading).catch_unwind().await.ok()?.ok()
    }
}
