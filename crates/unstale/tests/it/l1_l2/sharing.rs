//! What one instance stores, the others find.

use serde::{Deserialize, Serialize, Serializer};
use testbed::eventually;
use unstale::{Entry, Error, Priority};

use super::{caught_up, number, plain, set, steady, two};
use crate::bed::{Bed, PATIENCE, Source, Transport, numbers, on_every_transport, position};

on_every_transport!(
    a_value_set_on_one_instance_is_got_on_the_other,
    several_values_are_set_and_got_in_their_order,
    more_values_are_set_than_one_script_takes,
    a_set_drops_the_copies_of_others,
    a_set_does_not_fill_its_own_l1,
    a_loaded_value_reaches_the_other_instance_with_its_options,
    a_priority_travels_with_the_record,
    a_large_value_arrives_whole,
    a_value_that_cannot_be_encoded_is_an_error_or_stays_here,
    every_text_is_a_key_of_its_own,
);

async fn a_value_set_on_one_instance_is_got_on_the_other(transport: Transport) {
    let bed = Bed::start(transport);
    let (a, b) = two(&bed).await;
    assert_eq!(number(&b, "key").await, None);
    set(&a, "key", 1).await;
    assert_eq!(number(&b, "key").await, Some(1));
    assert_eq!(number(&a, "key").await, Some(1));
    assert_eq!(b.get::<String>("key").await, None, "it is a number");
    assert_eq!(number(&b, "key").await, Some(1));
    assert!(b.remove("key").await.is_applied());
    assert_eq!(number(&b, "key").await, None);
    eventually("a dropped its copy", PATIENCE, || async {
        number(&a, "key").await.is_none()
    })
    .await;
}

async fn several_values_are_set_and_got_in_their_order(transport: Transport) {
    let bed = Bed::start(transport);
    let (a, b) = two(&bed).await;
    let entries = [("a", 1_u32), ("b", 2), ("a", 3), ("c", 4)];
    let outcome = a.set_many(&entries, plain()).await.unwrap();
    assert!(outcome.is_applied());
    caught_up(&b, &outcome).await;
    let keys = ["b", "none", "a", "c", "b", "a", "none"];
    let expected = [Some(2), None, Some(3), Some(4), Some(2), Some(3), None];
    let got = async || {
        let got = b.get_many::<u32>(&keys).await;
        let got = got.iter().map(|value| value.as_deref().copied());
        got.collect::<Vec<_>>()
    };
    assert_eq!(got().await, expected, "all from L2");
    assert_eq!(b.health().l1_entries, 3);
    assert_eq!(got().await, expected, "all from L1");
    set(&a, "b", 2).await;
    eventually("b dropped one copy", PATIENCE, || async {
        b.health().l1_entries == 2
    })
    .await;
    assert_eq!(got().await, expected, "from both");
    assert!(b.get_many::<u32>(&[] as &[&str]).await.is_empty());
}

/// Each script has an entry in the log. The last value of a key is the one that stays.
async fn more_values_are_set_than_one_script_takes(transport: Transport) {
    const MANY: u64 = 2_500;
    let bed = Bed::start(transport);
    let (a, b) = two(&bed).await;
    let before = position(&a);
    let keys: Vec<_> = (0..MANY).map(|id| format!("key:{id}")).collect();
    let mut values: Vec<_> = keys.iter().map(|key| key.as_str()).zip(1..).collect();
    values.push(("key:0", 0));
    let set = a.set_many(&values, plain()).await.unwrap();
    assert_eq!(numbers(set.token().unwrap()), (before.0, before.1 + 3));
    let got = b.get_many::<u64>(&keys).await;
    let got: Vec<_> = got.iter().map(|value| value.as_deref().copied()).collect();
    let expected = std::iter::once(0).chain(2..=MANY).map(Some);
    assert_eq!(got, expected.collect::<Vec<_>>());
}

async fn a_set_drops_the_copies_of_others(transport: Transport) {
    let bed = Bed::start(transport);
    let (a, b) = two(&bed).await;
    for value in 1..50 {
        set(&a, "key", value).await;
        eventually("b sees the newest value", PATIENCE, || async {
            let seen = number(&b, "key").await;
            (seen == Some(value)).then_some(()).ok_or(seen)
        })
        .await;
    }
}

/// Two sets acknowledged out of order would leave the older value there.
async fn a_set_does_not_fill_its_own_l1(transport: Transport) {
    let bed = Bed::start(transport);
    let (a, _) = two(&bed).await;
    let stored = set(&a, "key", 1).await;
    caught_up(&a, &stored).await;
    assert_eq!(a.health().l1_entries, 0);
    assert_eq!(number(&a, "key").await, Some(1));
    assert_eq!(a.health().l1_entries, 1);
    set(&a, "key", 2).await;
    assert_eq!(a.health().l1_entries, 0);
    assert_eq!(number(&a, "key").await, Some(2));
}

async fn a_loaded_value_reaches_the_other_instance_with_its_options(transport: Transport) {
    let bed = Bed::start(transport);
    let (a, b) = two(&bed).await;
    let entry = Entry::new(1_u32).tag("red").tag("a \"tag\", ✓").size(7);
    let load = || async { Ok::<_, ()>(Some(entry)) };
    a.get_or_load_entry("tagged", load).await.unwrap();
    caught_up(&b, &set(&a, "other", 2).await).await;
    assert_eq!(number(&b, "tagged").await, Some(1));
    assert_eq!(b.health().l1_size, 7);
    assert_eq!(number(&b, "other").await, Some(2));
    assert_eq!(b.health().l1_size, 8);

    assert!(b.remove_tag("a \"tag\", ✓").await.is_applied());
    assert_eq!(number(&b, "tagged").await, None, "its copy has the tag");
    assert_eq!(number(&b, "other").await, Some(2));
    eventually("a applied the ban", PATIENCE, || async {
        number(&a, "tagged").await.is_none()
    })
    .await;
    assert_eq!(number(&a, "other").await, Some(2));
}

async fn a_priority_travels_with_the_record(transport: Transport) {
    let bed = Bed::start(transport);
    let a = bed.instance_with("a", steady(&bed)).await;
    let mut small = steady(&bed);
    small.memory.size_limit = 20;
    let b = bed.instance_with("b", small).await;
    for number in 0..10_u32 {
        for (kind, priority) in [("low", Priority::Low), ("never", Priority::NeverRemove)] {
            let options = plain().priority(priority);
            a.set(&format!("{kind}:{number}"), &number, options)
                .await
                .unwrap();
        }
    }
    caught_up(&b, &set(&a, "new", 1).await).await;
    let keys = |kind| (0..10).map(move |number| format!("{kind}:{number}"));
    let all: Vec<_> = keys("never").chain(keys("low")).collect();
    b.get_many::<u32>(&all).await;
    assert_eq!(b.health().l1_entries, 20);
    // It takes the room of one that is low; those that stay are hits in L1.
    assert_eq!(number(&b, "new").await, Some(1));
    let before = l1_hits(&b, "never:*");
    b.get_many::<u32>(&keys("never").collect::<Vec<_>>()).await;
    assert_eq!(l1_hits(&b, "never:*") - before, 10);
    let before = l1_hits(&b, "low:*");
    b.get_many::<u32>(&keys("low").collect::<Vec<_>>()).await;
    assert!(l1_hits(&b, "low:*") - before < 10);
}

fn l1_hits(cache: &unstale::Cache, pattern: &str) -> u64 {
    let patterns = cache.effectiveness().patterns;
    let stats = patterns.iter().find(|stats| stats.pattern == pattern);
    stats.map_or(0, |stats| stats.l1_hits)
}

async fn a_large_value_arrives_whole(transport: Transport) {
    let bed = Bed::start(transport);
    let (a, b) = two(&bed).await;
    let value: Vec<u32> = (0..300_000).collect();
    a.set("large", &value, plain()).await.unwrap();
    assert_eq!(b.get("large").await.as_deref(), Some(&value));
    let nothing: Vec<u32> = vec![];
    a.set("empty", &nothing, plain()).await.unwrap();
    assert_eq!(b.get("empty").await.as_deref(), Some(&nothing));
}

#[derive(Debug, Deserialize, PartialEq)]
struct Stubborn;

impl Serialize for Stubborn {
    fn serialize<S: Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
        Err(serde::ser::Error::custom("it does not want to"))
    }
}

async fn a_value_that_cannot_be_encoded_is_an_error_or_stays_here(transport: Transport) {
    let bed = Bed::start(transport);
    let (a, b) = two(&bed).await;
    let error = a.set("key", &Stubborn, plain()).await.unwrap_err();
    assert!(matches!(error, Error::Encode { .. }), "{error:?}");
    let said = error.to_string();
    assert!(said.contains("key"), "{said}");

    let source = Source::ready();
    for _ in 0..3 {
        let loaded = a.get_or_load("key", || source.load(Stubborn)).await;
        assert_eq!(loaded.unwrap().as_deref(), Some(&Stubborn));
    }
    assert_eq!(source.loads(), 1, "L1 needs no encoding");
    // The lease was given back.
    let loaded = b.get_or_load("key", || source.load(7_u32)).await;
    assert_eq!(loaded.unwrap().as_deref(), Some(&7));
    eventually("others find it", PATIENCE, || async {
        number(&b, "key").await == Some(7)
    })
    .await;
}

async fn every_text_is_a_key_of_its_own(transport: Transport) {
    let bed = Bed::start(transport);
    let (a, b) = two(&bed).await;
    let long = "x".repeat(4 * 1024);
    let keys = [
        " ",
        "*",
        "a b",
        "{}",
        "{a}:b",
        "日本:🦀",
        "a\r\nb",
        "\0",
        "\\",
        &long,
    ];
    for (number, key) in keys.iter().enumerate() {
        set(&a, key, number as u32).await;
    }
    for (expected, key) in keys.iter().enumerate() {
        assert_eq!(number(&b, key).await, Some(expected as u32), "{key:?}");
    }
    for (removed, key) in keys.iter().enumerate() {
        assert!(a.remove(key).await.is_applied());
        eventually("b dropped its copy", PATIENCE, || async {
            number(&b, key).await.is_none()
        })
        .await;
        let left = b.get_many::<u32>(&keys).await;
        assert_eq!(left.iter().flatten().count(), keys.len() - removed - 1);
    }
}
