//! Who has to go when there is no room.

use std::time::Duration;

use testbed::eventually;
use unstale::{Cache, EntryOptions, Priority};

use super::{alone, alone_with};
use crate::bed::{PATIENCE, Source};

async fn with_limit(limit: u64) -> Cache {
    alone_with(|config| config.memory.size_limit = limit).await
}

async fn put(cache: &Cache, key: &str, size: u32, priority: Priority) {
    let options = EntryOptions::new().size(size).priority(priority);
    cache.set(key, &size, options).await.unwrap();
}

/// The keys `<kind>:<number>` that are held, and their total size.
async fn held(cache: &Cache, kind: &str, count: usize) -> (usize, u64) {
    let keys: Vec<_> = (0..count)
        .map(|number| format!("{kind}:{number}"))
        .collect();
    let values = cache.get_many::<u32>(&keys).await;
    let sizes = values.into_iter().flatten().map(|size| u64::from(*size));
    sizes.fold((0, 0), |(count, sum), size| (count + 1, sum + size))
}

/// Numbers that look random and are the same in every run.
fn numbers(mut seed: u64) -> impl FnMut(u64) -> u64 {
    move |below| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (seed >> 33) % below
    }
}

#[tokio::test]
async fn the_size_limit_is_never_exceeded() {
    for (limit, largest) in [
        (1, 1),
        (10, 5),
        (100, 100),
        (500, 60),
        (9_000, 700),
        (40_000, 2_000),
    ] {
        let cache = with_limit(limit).await;
        let mut number = numbers(limit);
        for round in 0..600_u64 {
            let (key, size) = (format!("key:{}", number(300)), 1 + number(largest) as u32);
            let priority = [Priority::Low, Priority::Normal, Priority::High][number(3) as usize];
            put(&cache, &key, size, priority).await;
            let health = cache.health();
            assert!(health.l1_size <= limit, "{limit}: {health:?}");
            if round % 20 == 19 {
                let (count, size) = held(&cache, "key", 300).await;
                assert!(size <= limit, "{limit}: {size} in {count}");
                assert_eq!((count as u64, size), (health.l1_entries, health.l1_size));
            }
        }
        let (_, size) = held(&cache, "key", 300).await;
        assert!(size * 2 >= limit, "{limit}: only {size} are used");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_size_limit_holds_while_many_write() {
    let limit = 5_000;
    let cache = with_limit(limit).await;
    for round in 0..10 {
        let writers = (0..8_u64).map(|writer| {
            let cache = cache.clone();
            let mut number = numbers(writer * 100 + round);
            tokio::spawn(async move {
                for _ in 0..100 {
                    let key = format!("key:{}", number(400));
                    put(&cache, &key, 1 + number(100) as u32, Priority::Normal).await;
                    let health = cache.health();
                    assert!(health.l1_size <= limit, "{health:?}");
                }
            })
        });
        for writer in writers.collect::<Vec<_>>() {
            writer.await.unwrap();
        }
        let (_, size) = held(&cache, "key", 400).await;
        assert!(size <= limit, "{size}");
    }
}

#[tokio::test]
async fn low_goes_before_normal_before_high_and_the_rest_never() {
    let cache = with_limit(100).await;
    for number in 0..30 {
        put(&cache, &format!("low:{number}"), 1, Priority::Low).await;
        put(&cache, &format!("normal:{number}"), 1, Priority::Normal).await;
        put(&cache, &format!("high:{number}"), 1, Priority::High).await;
    }
    for number in 0..10 {
        put(&cache, &format!("never:{number}"), 1, Priority::NeverRemove).await;
    }
    assert_eq!(cache.health().l1_entries, 100);
    let mut seen = Vec::new();
    for number in 0..200 {
        put(&cache, &format!("new:{number}"), 1, Priority::High).await;
        assert!(cache.get::<u32>(&format!("new:{number}")).await.is_some());
        let (low, _) = held(&cache, "low", 30).await;
        let (normal, _) = held(&cache, "normal", 30).await;
        let (never, _) = held(&cache, "never", 10).await;
        let high = held(&cache, "high", 30).await.0 + held(&cache, "new", 200).await.0;
        assert!(low == 0 || normal == 30, "low {low}, normal {normal}");
        assert!(
            normal == 0 || high == 30 + number + 1,
            "normal {normal}, high {high}"
        );
        assert_eq!(never, 10);
        seen.push((low, normal));
    }
    assert_eq!(seen.last(), Some(&(0, 0)));
    assert!(seen.iter().any(|(low, _)| 0 < *low && *low < 30));
    assert!(seen.iter().any(|(_, normal)| 0 < *normal && *normal < 30));
}

#[tokio::test]
async fn what_is_never_removed_leaves_others_no_room_until_it_goes() {
    let cache = with_limit(10).await;
    for number in 0..10 {
        put(&cache, &format!("never:{number}"), 1, Priority::NeverRemove).await;
    }
    put(&cache, "other", 1, Priority::High).await;
    assert_eq!(cache.get::<u32>("other").await, None);
    let source = Source::ready();
    let loaded = cache.get_or_load("other", || source.load(5_u32)).await;
    assert_eq!(loaded.unwrap().as_deref(), Some(&5));
    assert_eq!(held(&cache, "never", 10).await, (10, 10));

    cache.remove("never:3").await;
    put(&cache, "other", 1, Priority::Low).await;
    assert!(cache.get::<u32>("other").await.is_some());
    assert_eq!(held(&cache, "never", 10).await, (9, 9));
}

#[tokio::test]
async fn what_has_expired_makes_room_before_anything_that_lives() {
    let cache = with_limit(10).await;
    let short = EntryOptions::new()
        .absolute_expiration(Duration::from_millis(20))
        .priority(Priority::NeverRemove);
    for number in 0..5 {
        let key = format!("short:{number}");
        cache.set(&key, &1_u32, short.clone()).await.unwrap();
        put(&cache, &format!("low:{number}"), 1, Priority::Low).await;
    }
    eventually("the short ones have expired", PATIENCE, || async {
        cache.get::<u32>("short:4").await.is_none()
    })
    .await;
    for number in 5..9 {
        put(&cache, &format!("low:{number}"), 1, Priority::Low).await;
        let (low, _) = held(&cache, "low", 9).await;
        assert_eq!(low, number + 1);
    }
}

#[tokio::test]
async fn an_entry_larger_than_the_limit_is_not_held() {
    let cache = with_limit(10).await;
    put(&cache, "small", 5, Priority::Low).await;
    for priority in [
        Priority::Low,
        Priority::Normal,
        Priority::High,
        Priority::NeverRemove,
    ] {
        put(&cache, "large", 11, priority).await;
        assert_eq!(cache.get::<u32>("large").await, None, "{priority:?}");
        assert!(cache.get::<u32>("small").await.is_some(), "{priority:?}");
    }
    put(&cache, "small", 11, Priority::Normal).await;
    assert_eq!(cache.get::<u32>("small").await, None, "it was replaced");
}

/// However the limit is cut up inside.
#[tokio::test]
async fn an_entry_up_to_the_limit_is_held() {
    for limit in [10, 100, 5_000, 10_000, 100_000] {
        for part in [20, 50, 90, 96, 99, 100] {
            for priority in [
                Priority::Low,
                Priority::Normal,
                Priority::High,
                Priority::NeverRemove,
            ] {
                let cache = with_limit(limit).await;
                put(&cache, "small", 1, Priority::Low).await;
                let size = (limit * part / 100) as u32;
                put(&cache, "large", size, priority).await;
                let got = cache.get::<u32>("large").await;
                assert!(got.is_some(), "{size} of {limit}, {priority:?}");
                assert!(cache.health().l1_size <= limit);
            }
        }
    }
}

#[tokio::test]
async fn an_overflow_frees_the_compaction_percentage() {
    for (limit, percentage) in [
        (100, 0.05),
        (100, 0.30),
        (1000, 0.5),
        (10_000, 0.30),
        (500, 1.0),
    ] {
        let cache = alone_with(|config| {
            config.memory.size_limit = limit;
            config.memory.compaction_percentage = percentage;
        })
        .await;
        for number in 0..limit {
            put(&cache, &format!("key:{number}"), 1, Priority::Normal).await;
        }
        let full = cache.health().l1_size;
        // A limit that is cut into pieces may overflow in one of them a little early.
        assert!(
            full as f64 >= limit as f64 * (1.0 - percentage) * 0.95,
            "{limit}: {full}"
        );
        let mut after = full;
        for number in 0..limit {
            put(&cache, &format!("more:{number}"), 1, Priority::Normal).await;
            after = cache.health().l1_size;
            if after < full {
                break;
            }
        }
        let free = 1.0 - after as f64 / limit as f64;
        assert!(
            free <= percentage + 0.02,
            "{limit}, {percentage}: {free} is free"
        );
        assert!(
            free >= percentage - 0.05,
            "{limit}, {percentage}: {free} is free"
        );
    }
}

#[tokio::test]
async fn removals_and_clear_give_their_room_back() {
    let cache = alone().await;
    for number in 0..100 {
        put(&cache, &format!("key:{number}"), 7, Priority::Normal).await;
    }
    assert_eq!(cache.health().l1_size, 700);
    cache
        .remove_batch((0..50).map(|n| format!("key:{n}")))
        .await;
    assert_eq!(
        (cache.health().l1_entries, cache.health().l1_size),
        (50, 350)
    );
    put(&cache, "key:99", 3, Priority::Low).await;
    assert_eq!(
        (cache.health().l1_entries, cache.health().l1_size),
        (50, 346)
    );
}
