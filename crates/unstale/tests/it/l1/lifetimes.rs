//! When values expire, to the millisecond.

use std::time::Duration;

use testbed::eventually;
use unstale::{Cache, EntryOptions};

use super::{alone, alone_with};
use crate::bed::{Life, PATIENCE, Span, timed, until_told};

fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

async fn set(cache: &Cache, key: &str, options: EntryOptions) -> Span {
    let (call, outcome) = timed(cache.set(key, &1_u32, options)).await;
    outcome.unwrap();
    call
}

async fn get(cache: &Cache, key: &str) -> (Span, bool) {
    timed(async { cache.get::<u32>(key).await.is_some() }).await
}

#[tokio::test]
async fn a_value_is_served_exactly_for_its_ttl() {
    let cache = alone().await;
    until_told(|attempt| are_served_for_their_ttls(&cache, attempt)).await;
}

/// Reads values of different lives until all are gone. False when no read found any, because this
/// thread was held up for as long as they live.
async fn are_served_for_their_ttls(cache: &Cache, attempt: u32) -> bool {
    let mut stored = Vec::new();
    for ttl in 5..=60 {
        let ttl = millis(ttl) * attempt;
        let key = format!("key:{}", ttl.as_millis());
        let options = EntryOptions::new().absolute_expiration(ttl);
        let call = set(cache, &key, options).await;
        stored.push((key, Life::new(call, ttl)));
    }
    let mut served = false;
    loop {
        let mut gone = 0;
        for (key, life) in &mut stored {
            let (read, found) = get(cache, key).await;
            life.judge(&read, found);
            served |= found;
            gone += usize::from(!found);
        }
        if gone == stored.len() {
            return served;
        }
    }
}

/// A read that finds the value prolongs its life by the sliding span; the absolute span ends it.
#[tokio::test]
async fn reading_prolongs_a_sliding_life_up_to_the_absolute_one() {
    let cache = alone().await;
    until_told(|attempt| lives_up_to_its_absolute_span(&cache, millis(30) * attempt)).await;
}

/// Reads a sliding value as fast as it can. False when it was gone early because this thread was
/// held up for as long as the sliding span.
async fn lives_up_to_its_absolute_span(cache: &Cache, sliding: Duration) -> bool {
    let absolute = sliding * 5;
    let options = EntryOptions::new()
        .absolute_expiration(absolute)
        .sliding_expiration(sliding);
    let set = set(cache, "key", options).await;
    let mut life = Life::new(set, absolute).sliding(sliding);
    loop {
        let (read, found) = get(cache, "key").await;
        let idle = life.judge(&read, found);
        if !found {
            return *set.age_at(&read).end() >= absolute;
        }
        assert!(
            *idle.start() < sliding,
            "served {idle:?} after the last read"
        );
    }
}

#[tokio::test]
async fn without_a_read_a_sliding_life_ends() {
    let cache = alone().await;
    let options = EntryOptions::new()
        .absolute_expiration(Duration::from_secs(60))
        .sliding_expiration(millis(30));
    let set = set(&cache, "key", options).await;
    eventually("the sliding span is over", PATIENCE, || async {
        set.ended.elapsed() >= millis(30)
    })
    .await;
    assert!(!get(&cache, "key").await.1);
}

#[tokio::test]
async fn the_configured_defaults_apply() {
    let cache = alone_with(|config| {
        config.default_absolute_expiration = millis(50);
    })
    .await;
    let set = set(&cache, "key", EntryOptions::new()).await;
    let mut life = Life::new(set, millis(50));
    life.lived_out(async || get(&cache, "key").await.1).await;
}

/// Nothing reads them.
#[tokio::test]
async fn the_scan_drops_what_has_expired() {
    let cache = alone_with(|config| config.memory.expiration_scan_frequency = millis(20)).await;
    for number in 0..50 {
        let options = EntryOptions::new()
            .absolute_expiration(Duration::from_secs(1))
            .size(2);
        let key = format!("short:{number}");
        set(&cache, &key, options).await;
    }
    set(&cache, "long", EntryOptions::new().size(3)).await;
    let before = cache.health();
    assert_eq!((before.l1_entries, before.l1_size), (51, 103));
    eventually("the expired ones are dropped", PATIENCE, || async {
        let health = cache.health();
        (health.l1_entries == 1 && health.l1_size == 3)
            .then_some(())
            .ok_or(health)
    })
    .await;
    assert!(get(&cache, "long").await.1);
}

#[tokio::test]
async fn a_read_drops_what_has_expired() {
    let cache = alone().await;
    let options = EntryOptions::new().absolute_expiration(millis(5));
    set(&cache, "key", options).await;
    eventually("it has expired", PATIENCE, || async {
        !get(&cache, "key").await.1
    })
    .await;
    assert_eq!(cache.health().l1_entries, 0);
}
