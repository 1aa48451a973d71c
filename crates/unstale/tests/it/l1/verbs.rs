//! What each verb does.

use std::time::Duration;

use unstale::{Entry, EntryOptions, Lookup};

use super::{alone, alone_with};
use crate::bed::Source;

fn plain() -> EntryOptions {
    EntryOptions::new()
}

#[tokio::test]
async fn a_value_is_set_got_and_replaced() {
    let cache = alone().await;
    assert_eq!(cache.get::<u32>("a").await, None);
    assert!(cache.set("a", &1_u32, plain()).await.unwrap().is_applied());
    assert_eq!(cache.get::<u32>("a").await.as_deref(), Some(&1));
    cache.set("a", &2_u32, plain()).await.unwrap();
    assert_eq!(cache.get::<u32>("a").await.as_deref(), Some(&2));
}

#[tokio::test]
async fn a_hit_hands_out_the_copy_itself() {
    let cache = alone().await;
    cache.set("a", &vec![1_u8; 100], plain()).await.unwrap();
    let first = cache.get::<Vec<u8>>("a").await.unwrap();
    let second = cache.get::<Vec<u8>>("a").await.unwrap();
    assert!(std::sync::Arc::ptr_eq(&first, &second));
}

#[tokio::test]
async fn several_values_are_set_and_got_in_their_order() {
    let cache = alone().await;
    let entries = [("a", 1_u32), ("b", 2), ("a", 3)];
    let outcome = cache.set_many(&entries, plain()).await.unwrap();
    assert!(outcome.is_applied());
    let got = cache
        .get_many::<u32>(&["b", "missing", "a", "b", "a"])
        .await;
    let got: Vec<_> = got.iter().map(|value| value.as_deref().copied()).collect();
    assert_eq!(got, [Some(2), None, Some(3), Some(2), Some(3)]);
    assert!(cache.get_many::<u32>(&[] as &[&str]).await.is_empty());
}

#[tokio::test]
async fn a_removal_takes_what_it_names_and_nothing_else() {
    let cache = alone().await;
    let entries = [("a", 1_u32), ("b", 2), ("c", 3), ("d", 4)];
    cache.set_many(&entries, plain()).await.unwrap();
    assert!(cache.remove("a").await.is_applied());
    assert_eq!(held(&cache).await, ["b", "c", "d"]);
    let outcome = cache.remove_batch(["b", "d", "not there", "b"]).await;
    assert!(outcome.is_applied());
    assert_eq!(held(&cache).await, ["c"]);
    assert!(
        cache
            .remove_batch(Vec::<String>::new())
            .await
            .token()
            .is_some()
    );
    assert_eq!(held(&cache).await, ["c"]);
}

#[tokio::test]
async fn clear_takes_everything_and_what_comes_later_stays() {
    let cache = alone().await;
    let entries = [("a", 1_u32), ("b", 2)];
    cache.set_many(&entries, plain()).await.unwrap();
    assert!(cache.clear().await.is_applied());
    assert!(held(&cache).await.is_empty());
    cache.set_many(&entries, plain()).await.unwrap();
    assert_eq!(held(&cache).await, ["a", "b"]);
}

#[tokio::test]
async fn a_pattern_takes_what_matches_and_what_comes_later_stays() {
    let cache = alone().await;
    let entries = [("a", 1_u32), ("ab", 2), ("b", 3), ("c", 4)];
    cache.set_many(&entries, plain()).await.unwrap();
    assert!(cache.remove_pattern("a*").await.is_applied());
    assert_eq!(held(&cache).await, ["b", "c"]);
    cache.set("a", &5_u32, plain()).await.unwrap();
    assert_eq!(held(&cache).await, ["a", "b", "c"]);
}

#[tokio::test]
async fn a_tag_takes_the_values_that_carry_it() {
    let cache = alone().await;
    let red = plain().tag("red");
    let both = plain().tag("round").tag("red");
    cache.set("a", &1_u32, red).await.unwrap();
    cache.set("b", &2_u32, both).await.unwrap();
    cache.set("c", &3_u32, plain().tag("round")).await.unwrap();
    cache.set("d", &4_u32, plain()).await.unwrap();
    let load = || async { Ok::<_, ()>(Some(Entry::new(5_u32).tag("red"))) };
    cache.get_or_load_entry("ab", load).await.unwrap();

    assert!(cache.remove_tag("red").await.is_applied());
    assert_eq!(held(&cache).await, ["c", "d"]);
    assert!(cache.remove_tag("re").await.is_applied());
    assert_eq!(held(&cache).await, ["c", "d"]);
    cache.set("a", &6_u32, plain().tag("red")).await.unwrap();
    assert_eq!(held(&cache).await, ["a", "c", "d"]);
}

/// Which of the keys that these tests use are held.
async fn held(cache: &unstale::Cache) -> Vec<&'static str> {
    let keys = ["a", "ab", "b", "c", "d"];
    let values = cache.get_many::<u32>(&keys).await;
    let held = keys.into_iter().zip(values);
    held.filter_map(|(key, value)| value.map(|_| key)).collect()
}

#[tokio::test]
async fn a_value_of_another_type_is_a_miss_and_stays_for_its_own_type() {
    let cache = alone().await;
    cache.set("a", &"text".to_owned(), plain()).await.unwrap();
    assert_eq!(cache.get::<u32>("a").await, None);
    assert_eq!(cache.get_many::<u32>(&["a"]).await, [None]);
    assert_eq!(
        cache.get::<String>("a").await.as_deref(),
        Some(&"text".to_owned())
    );

    let source = Source::ready();
    let loaded = cache.get_or_load("a", || source.load(7_u32)).await;
    assert_eq!(loaded.unwrap().as_deref(), Some(&7));
    assert_eq!(cache.get::<u32>("a").await.as_deref(), Some(&7));
    assert_eq!(cache.get::<String>("a").await, None);
}

#[tokio::test]
async fn a_miss_comes_with_the_right_to_fill_it() {
    let cache = alone().await;
    let Lookup::Miss(lease) = cache.lookup::<u32>("a").await else {
        panic!("nothing was stored")
    };
    assert_eq!(*lease.fill(1).await, 1);
    let Lookup::Hit(value) = cache.lookup::<u32>("a").await else {
        panic!("it was filled")
    };
    assert_eq!(*value, 1);
}

#[tokio::test]
async fn a_lease_is_void_after_an_invalidation() {
    let cache = alone().await;
    for way in 0..4 {
        let Lookup::Miss(lease) = cache.lookup::<u32>("a:b").await else {
            panic!("nothing may have been stored")
        };
        match way {
            0 => cache.remove("a:b").await,
            1 => cache.remove_pattern("a:*").await,
            2 => cache.remove_tag("t").await,
            _ => cache.clear().await,
        };
        let entry = Entry::new(1).tag("t");
        assert_eq!(*lease.fill_entry(entry).await, 1);
        assert_eq!(cache.get::<u32>("a:b").await, None, "way {way}");
    }
}

#[tokio::test]
async fn without_an_l1_nothing_is_held() {
    let cache = alone_with(|config| config.memory.enabled = false).await;
    cache.set("a", &1_u32, plain()).await.unwrap();
    assert_eq!(cache.get::<u32>("a").await, None);
    let source = Source::ready();
    for _ in 0..3 {
        let loaded = cache.get_or_load("a", || source.load(2_u32)).await;
        assert_eq!(loaded.unwrap().as_deref(), Some(&2));
    }
    assert_eq!(source.loads(), 3);
    assert_eq!(cache.health().l1_entries, 0);
}

#[tokio::test]
async fn a_life_of_zero_stores_nothing() {
    let cache = alone().await;
    let short = plain().absolute_expiration(Duration::ZERO);
    cache.set("a", &1_u32, short).await.unwrap();
    assert_eq!(cache.get::<u32>("a").await, None);
    let load =
        || async { Ok::<_, ()>(Some(Entry::new(1_u32).absolute_expiration(Duration::ZERO))) };
    let loaded = cache.get_or_load_entry("a", load).await.unwrap();
    assert_eq!(loaded.as_deref(), Some(&1));
    assert_eq!(cache.get::<u32>("a").await, None);
    assert_eq!(cache.health().l1_entries, 0);
}
