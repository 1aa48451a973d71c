//! Several instances, each with an L1, on one L2.

use std::time::Duration;

use testbed::{Value, eventually};
use unstale::{Cache, Config, EntryOptions, Outcome};

use crate::bed::{Bed, PATIENCE};

mod bans;
mod boasts;
mod commands;
mod encodings;
mod fills;
mod hand_over;
mod leases;
mod lifetimes;
mod limits;
mod loads;
mod namespaces;
mod policies;
mod records;
mod sharing;
mod sources;
mod tokens;

pub(crate) fn plain() -> EntryOptions {
    EntryOptions::new()
}

/// Settings under which neither a proof nor a lease runs out while a slow machine stalls.
pub(crate) fn steady(bed: &Bed) -> Config {
    let mut config = bed.config();
    config.max_staleness = Duration::from_secs(60);
    config.lease_ttl = Duration::from_secs(60);
    config.lease_wait = Duration::from_secs(20);
    config
}

pub(crate) async fn two(bed: &Bed) -> (Cache, Cache) {
    let a = bed.instance_with("a", steady(bed)).await;
    let b = bed.instance_with("b", steady(bed)).await;
    (a, b)
}

pub(crate) async fn number(cache: &Cache, key: &str) -> Option<u32> {
    cache.get(key).await.map(|value| *value)
}

pub(crate) async fn set(cache: &Cache, key: &str, value: u32) -> Outcome {
    let outcome = cache.set(key, &value, plain()).await.expect("a number");
    assert!(outcome.is_applied());
    outcome
}

/// Waits until an instance has heard of the newest write: nothing it reads from now on is dropped
/// for what was written before.
pub(crate) async fn caught_up(cache: &Cache, newest: &Outcome) {
    let expected = newest.token().map(ToString::to_string);
    eventually("the instance caught up", PATIENCE, || async {
        let position = cache.health().position;
        (position == expected).then_some(()).ok_or(position)
    })
    .await;
}

/// The name on the server of what is cached under this key.
fn record(key: &str) -> String {
    format!("{{unstale:0}}:k:{key}")
}

fn command(bed: &Bed, words: &[&str]) -> Value {
    bed.server().command(words).expect("an answer")
}

fn bytes(answer: Value) -> Option<Vec<u8>> {
    match answer {
        Value::BulkString(bytes) => Some(bytes),
        Value::SimpleString(text) => Some(text.into_bytes()),
        Value::Nil => None,
        other => panic!("not a text: {other:?}"),
    }
}

fn text(answer: Value) -> String {
    String::from_utf8(bytes(answer).expect("a text")).expect("UTF-8")
}

fn integer(answer: Value) -> i64 {
    match answer {
        Value::Int(number) => number,
        other => text(other).parse().expect("a number"),
    }
}
