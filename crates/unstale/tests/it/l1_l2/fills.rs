//! How the server compares and sets.

use std::collections::BTreeMap;
use std::time::Duration;

use testbed::{Kind, Server, eventually};
use unstale::{Cache, Entry};

use super::boasts::Boasts;
use super::commands::{cost, quiet};
use super::leases::missing;
use super::{bytes, command, number, record, steady};
use crate::bed::{Bed, PATIENCE, Transport, on_every_server};

on_every_server!(
    a_fill_needs_no_script_where_the_server_compares,
    a_value_that_slides_is_filled_by_the_script,
    a_lease_with_more_behind_it_is_no_value,
    what_is_no_record_is_not_filled,
    who_only_says_that_it_compares_gets_the_script,
);

/// Whether the server knows `SET … IFEQ`.
fn compares(server: &Server) -> bool {
    let version = server.version();
    let since = match server.kind() {
        Kind::Valkey => (8, 1),
        Kind::Redis => (8, 4),
    };
    (version.major, version.minor) >= since
}

fn calls(of: &BTreeMap<String, i64>, command: &str) -> i64 {
    of.get(command).copied().unwrap_or_default()
}

/// What is stored under a key, by its fields.
fn fields(bed: &Bed, key: &str) -> Vec<String> {
    let stored = bytes(command(bed, &["GET", &record(key)])).expect("a record");
    let header = String::from_utf8_lossy(&stored).into_owned();
    header.split(' ').map(str::to_owned).collect()
}

async fn a_fill_needs_no_script_where_the_server_compares(transport: Transport) {
    let bed = Bed::start(transport);
    let cache = quiet(&bed).await;
    missing(&cache, "before").await.fill(1).await;
    let lease = missing(&cache, "key").await;
    let of_fill = cost(&bed, async || drop(lease.fill(2).await)).await;
    assert_eq!(calls(&of_fill, "set"), 1, "{of_fill:?}");
    // Beside whether somebody waits for it (`PTTL`).
    let (scripts, all) = match compares(bed.server()) {
        true => (0, 2),
        false => (1, 4),
    };
    assert_eq!(calls(&of_fill, "evalsha"), scripts, "{of_fill:?}");
    assert_eq!(of_fill.values().sum::<i64>(), all, "{of_fill:?}");

    let fields = fields(&bed, "key");
    assert_eq!((&*fields[0], &*fields[3]), ("V1", "0"), "{fields:?}");
    let life = super::integer(command(&bed, &["PTTL", &record("key")]));
    assert!((1..=3_600_000).contains(&life), "{life}");
    let other = bed.instance_with("other", steady(&bed)).await;
    assert_eq!(number(&other, "key").await, Some(2));
}

async fn a_value_that_slides_is_filled_by_the_script(transport: Transport) {
    let bed = Bed::start(transport);
    let cache = quiet(&bed).await;
    let sliding = |value| Entry::new(value).sliding_expiration(Duration::from_secs(60));
    let lease = missing(&cache, "before").await;
    lease.fill_entry(sliding(1)).await;
    let lease = missing(&cache, "key").await;
    let of_fill = cost(&bed, async || drop(lease.fill_entry(sliding(2)).await)).await;
    assert_eq!(calls(&of_fill, "evalsha"), 1, "{of_fill:?}");
    assert_eq!(calls(&of_fill, "time"), 1, "{of_fill:?}");
    let fields = fields(&bed, "key");
    assert!(fields[3].parse::<u64>().unwrap() > 0, "{fields:?}");
}

/// No instance stores that. The script takes it for the lease that it begins with, and the command does
/// not; neither may ever answer a read with it.
async fn a_lease_with_more_behind_it_is_no_value(transport: Transport) {
    let bed = Bed::start(transport);
    let cache = quiet(&bed).await;
    let lease = missing(&cache, "key").await;
    command(&bed, &["APPEND", &record("key"), "more"]);
    lease.fill(1).await;
    let expected = match compares(bed.server()) {
        true => None,
        false => Some(1),
    };
    let other = bed.instance_with("other", steady(&bed)).await;
    assert_eq!(number(&other, "key").await, expected);
}

async fn what_is_no_record_is_not_filled(transport: Transport) {
    let bed = Bed::start(transport);
    let cache = quiet(&bed).await;
    let lease = missing(&cache, "key").await;
    command(&bed, &["DEL", &record("key")]);
    command(&bed, &["RPUSH", &record("key"), "one"]);
    lease.fill(1).await;
    let there = command(&bed, &["LRANGE", &record("key"), "0", "-1"]);
    assert_eq!(there.as_sequence().map(<[_]>::len), Some(1));
    assert_eq!(cache.effectiveness().patterns[0].refused_fills, 0);
    // The connection goes on as before.
    let lease = missing(&cache, "next").await;
    let of_fill = cost(&bed, async || drop(lease.fill(2).await)).await;
    let scripts = i64::from(!compares(bed.server()));
    assert_eq!(calls(&of_fill, "evalsha"), scripts, "{of_fill:?}");
}

async fn who_only_says_that_it_compares_gets_the_script(transport: Transport) {
    let bed = Bed::start(transport);
    let boasts = Boasts::of(bed.server()).await;
    let mut config = steady(&bed);
    config.redis.connect_to(boasts.url().parse().unwrap());
    let cache = bed.instance_with("told", config).await;
    let other = bed.instance_with("other", steady(&bed)).await;
    let fill = async |key: &str, value| {
        missing(&cache, key).await.fill(value).await;
        assert_eq!(number(&other, key).await, Some(value), "{key}");
    };
    fill("one", 1).await;
    fill("two", 2).await;
    assert_eq!(
        boasts.comparing(),
        1,
        "it is asked once for each connection"
    );

    command(&bed, &["CLIENT", "KILL", "TYPE", "normal"]);
    for cache in [&cache, &other] {
        in_service(cache).await;
    }
    fill("three", 3).await;
    assert_eq!(boasts.comparing(), 2);

    // Whoever fills, the record is the same, but for its lease's token and its stamp.
    missing(&other, "four").await.fill(3).await;
    let but_token_and_stamp = |key| {
        let mut fields = fields(&bed, key);
        assert_ne!(fields.remove(4), "");
        fields.remove(2);
        fields
    };
    let (script, command) = (but_token_and_stamp("three"), but_token_and_stamp("four"));
    assert_eq!(script, command);
}

async fn in_service(cache: &Cache) {
    eventually("it is in service again", PATIENCE, || async {
        cache.remove("nothing").await.is_applied()
    })
    .await;
}
