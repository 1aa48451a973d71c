//! `remove` and `clear`.

use testbed::{Value, eventually};
use unstale::{Cache, EntryOptions};

use crate::bed::{PATIENCE, at, config, instance, until_followed, until_told, with_instance};

async fn store(cache: &Cache, keys: &[&str]) {
    for key in keys {
        let options = EntryOptions::new().tag("all");
        let set = cache.set(key, &1_u32, options).await.unwrap();
        until_followed(cache, &set).await;
        assert!(cache.get::<u32>(key).await.is_some());
    }
}

async fn until_held(cache: &Cache, key: &str, held: bool) {
    let what = format!("{key} is held: {held}");
    eventually(&what, PATIENCE, || async {
        cache.get::<u32>(key).await.is_some() == held
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_key_is_removed_everywhere_without_a_question() {
    let (server, cache) = with_instance().await;
    store(&cache, &["a:1", "a:2"]).await;
    let ran = at(&server, &["remove", "a:1", "--json"]).await;
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_eq!(ran.json()["applied"], true);
    until_held(&cache, "a:1", false).await;
    until_held(&cache, "a:2", true).await;
    let token = ran.json()["token"].as_str().map(str::to_owned);
    eventually("it has come as far as the token", PATIENCE, || async {
        cache.health().position == token
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn more_than_one_key_needs_a_yes() {
    let (server, cache) = with_instance().await;
    store(&cache, &["a:1", "a:2", "b:1"]).await;
    let before = cache.health().position;
    for asked in [
        &["remove", "a:1", "a:2"][..],
        &["remove", "--pattern", "a:*"],
        &["remove", "--tag", "all"],
        &["clear"],
    ] {
        let ran = at(&server, asked).await;
        assert_eq!(ran.code, 2, "{ran:?}");
        assert!(
            ran.err.contains("--yes") && ran.err.contains("Removes"),
            "{ran:?}"
        );
    }
    assert_eq!(cache.health().position, before);
    assert_eq!(at(&server, &["remove"]).await.code, 2);
    for (asked, gone, left) in [
        (&["remove", "a:1", "none", "--yes"][..], "a:1", "a:2"),
        (&["remove", "--pattern", "a:*", "--yes"], "a:2", "b:1"),
        (&["remove", "--tag", "none", "--yes"], "a:2", "b:1"),
    ] {
        let ran = at(&server, asked).await;
        assert_eq!(ran.code, 0, "{ran:?}");
        until_held(&cache, gone, false).await;
        until_held(&cache, left, true).await;
    }
    for asked in [&["remove", "--tag", "all", "--yes"][..], &["clear", "-y"]] {
        store(&cache, &["b:1"]).await;
        let ran = at(&server, asked).await;
        assert_eq!(ran.code, 0, "{ran:?}");
        until_held(&cache, "b:1", false).await;
    }
}

/// Somebody whose settings are not the service's neither trims its log, nor shortens what is
/// remembered, nor begins an epoch.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_service_is_left_as_it_was() {
    let (server, cache) = with_instance().await;
    let meta = |field: &str| match server.command(["HGET", "{unstale:0}:meta", field]).unwrap() {
        Value::BulkString(bytes) => String::from_utf8(bytes).unwrap(),
        other => panic!("no text: {other:?}"),
    };
    let before = (meta("epoch"), meta("nonce"), meta("ttl"));
    let ran = at(&server, &["remove", "--pattern", "a:*", "--yes"]).await;
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_eq!((meta("epoch"), meta("nonce"), meta("ttl")), before);
    let ban = meta("b:p:a:*");
    let expires: u64 = ban.split(' ').nth(1).unwrap().parse().unwrap();
    let now: u64 = meta("time").parse().unwrap();
    assert!(expires - now > 3_600_000, "{ban}");
    until_told(&server, 1).await;
    assert_eq!(cache.invalidations().resyncs, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_log_than_the_instances_follow_is_refused() {
    let server = crate::bed::start();
    let mut by_channel = config(&server);
    by_channel.use_streams_for_invalidation = false;
    let cache = instance("first", by_channel).await;
    until_told(&server, 1).await;
    store(&cache, &["a:1"]).await;
    let ran = at(&server, &["remove", "a:1"]).await;
    assert_eq!(ran.code, 2, "{ran:?}");
    assert!(ran.err.contains("--pubsub"), "{ran:?}");
    let ran = at(&server, &["remove", "a:1", "--pubsub=cache:invalidations"]).await;
    assert_eq!(ran.code, 0, "{ran:?}");
    until_held(&cache, "a:1", false).await;
}
