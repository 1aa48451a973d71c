//! What is refused, and what is too large or unreadable: answered, counted, never half-done.

use unstale::{Error, KeyError, Lookup, Outcome, PatternStats};

use super::{command, integer, number, plain, set, two};
use crate::bed::{Bed, Source, Transport, on_every_server, on_every_transport};

on_every_transport!(
    a_key_that_cannot_be_used_is_a_clear_error,
    a_value_that_is_too_large_is_served_and_counted,
    a_value_that_is_too_large_to_set_leaves_no_older_one,
);

fn unusable() -> [(String, &'static str); 2] {
    [
        (String::new(), "the key is empty"),
        ("ä".repeat(2_049), "has 4098 bytes: a key has at most 4096"),
    ]
}

async fn a_key_that_cannot_be_used_is_a_clear_error(transport: Transport) {
    let bed = Bed::start(transport);
    let (a, _) = two(&bed).await;
    let removed_before = a.invalidations().total;
    for (key, text) in unusable() {
        let error = a.set(&key, &1_u32, plain()).await.unwrap_err();
        assert!(matches!(error, Error::Key(_)), "{error}");
        assert!(error.to_string().contains(text), "{error}");
        let refused = match a.remove(&key).await {
            Outcome::Refused(error) => error,
            other => panic!("{other:?}"),
        };
        assert!(refused.to_string().contains(text), "{refused}");
        // A read has no place for an error: it goes past the cache, every time.
        assert_eq!(number(&a, &key).await, None);
        assert_eq!(a.get_many::<u32>(&[&key]).await, [None]);
        let source = Source::ready();
        for loads in 1..=2 {
            let loaded = a.get_or_load(&key, || source.load(7_u32)).await;
            assert_eq!(loaded.unwrap().as_deref(), Some(&7));
            assert_eq!(source.loads(), loads);
        }
        let Lookup::Miss(lease) = a.lookup::<u32>(&key).await else {
            panic!("nothing is held under such a key");
        };
        assert_eq!(*lease.fill(7).await, 7);
        assert_eq!(number(&a, &key).await, None);
    }
    assert_eq!(a.invalidations().total, removed_before);
    if transport != Transport::Hub {
        let left = command(&bed, &["EXISTS", "{unstale:0}:k:"]);
        assert_eq!(integer(left), 0);
    }
    assert_eq!(a.health().l1_entries, 0);

    // The usable keys of a call are removed all the same.
    set(&a, "good", 1).await;
    let outcome = a.remove_batch(["good", ""]).await;
    assert_eq!(outcome, Outcome::Refused(KeyError::Empty));
    assert_eq!(number(&a, "good").await, None);
}

fn of(stats: &[PatternStats], pattern: &str) -> PatternStats {
    let found = stats.iter().find(|stats| stats.pattern == pattern);
    found.expect("the pattern was used").clone()
}

async fn a_value_that_is_too_large_is_served_and_counted(transport: Transport) {
    let bed = Bed::start(transport);
    let mut config = bed.config();
    config.max_value_size = 1_000;
    let cache = bed.instance_with("small", config).await;
    let source = Source::ready();
    for loads in 1..=2 {
        let text = "x".repeat(1_000);
        let loaded = cache
            .get_or_load("text:1", || source.load(text.clone()))
            .await;
        assert_eq!(loaded.unwrap().as_deref(), Some(&text));
        assert_eq!(source.loads(), loads, "it is not cached");
    }
    let fitting = cache.get_or_load("text:2", || source.load("x".repeat(900)));
    fitting.await.unwrap();
    assert!(cache.get::<String>("text:2").await.is_some());
    let counted = of(&cache.effectiveness().patterns, "text:*");
    assert_eq!((counted.oversized, counted.fills), (2, 1));
}

async fn a_value_that_is_too_large_to_set_leaves_no_older_one(transport: Transport) {
    let bed = Bed::start(transport);
    let mut config = bed.config();
    config.max_value_size = 1_000;
    let cache = bed.instance_with("small", config).await;
    cache
        .set("text:1", &"old".to_owned(), plain())
        .await
        .unwrap();
    let outcome = cache.set("text:1", &"x".repeat(2_000), plain()).await;
    assert!(outcome.unwrap().is_applied());
    assert_eq!(cache.get::<String>("text:1").await, None);
    assert_eq!(of(&cache.effectiveness().patterns, "text:*").oversized, 1);
}

/// Alone there is nothing to encode for, and the limit holds all the same.
#[tokio::test]
async fn the_limit_holds_without_an_l2() {
    let mut config = unstale::Config::default();
    config.max_value_size = 1_000;
    let cache = unstale::Cache::from_config(config).await.unwrap();
    let source = Source::ready();
    for loads in 1..=2 {
        let loaded = cache
            .get_or_load("text:1", || source.load("x".repeat(1_000)))
            .await;
        assert!(loaded.unwrap().is_some());
        assert_eq!(source.loads(), loads);
    }
    assert_eq!(of(&cache.effectiveness().patterns, "text:*").oversized, 2);
}

mod records {
    use super::*;

    on_every_server!(what_cannot_be_read_is_counted_and_replaced);

    async fn what_cannot_be_read_is_counted_and_replaced(transport: Transport) {
        let bed = Bed::start(transport);
        let (a, b) = two(&bed).await;
        a.set("thing:1", &"a text".to_owned(), plain())
            .await
            .unwrap();
        command(&bed, &["SET", "{unstale:0}:k:thing:2", "garbage"]);
        command(&bed, &["RPUSH", "{unstale:0}:k:thing:3", "a list"]);
        for (key, counted) in [("thing:1", 1), ("thing:2", 2), ("thing:3", 3)] {
            let source = Source::ready();
            let loaded = a.get_or_load(key, || source.load(7_u32)).await;
            assert_eq!(loaded.unwrap().as_deref(), Some(&7), "{key}");
            assert_eq!(source.loads(), 1);
            let unreadable = of(&a.effectiveness().patterns, "thing:*").unreadable;
            assert_eq!(unreadable, counted, "{key}");
            assert_eq!(number(&b, key).await, Some(7), "{key} is replaced");
        }
    }
}
