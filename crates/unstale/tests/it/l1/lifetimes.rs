//! When values expire, to the millisecond.

use std::ops::RangeInclusive;
use std::time::{Duration, Instant};

use testbed::eventually;
use unstale::{Cache, EntryOptions};

use super::{alone, alone_with};
use crate::bed::PATIENCE;

fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// A call, from its start to its end.
#[derive(Copy, Clone)]
struct Span {
    began: Instant,
    ended: Instant,
}

impl Span {
    /// How long after this call a later one can have done its work: at least, and at most.
    fn age_at(&self, later: &Span) -> RangeInclusive<Duration> {
        later.began.duration_since(self.ended)..=later.ended.duration_since(self.began)
    }
}

async fn set(cache: &Cache, key: &str, options: EntryOptions) -> Span {
    let began = Instant::now();
    cache.set(key, &1_u32, options).await.unwrap();
    let ended = Instant::now();
    Span { began, ended }
}

async fn get(cache: &Cache, key: &str) -> (Span, bool) {
    let began = Instant::now();
    let found = cache.get::<u32>(key).await.is_some();
    let ended = Instant::now();
    (Span { began, ended }, found)
}

/// The value was stored at some time within the call that did it. So a read that ends less than
/// the TTL after that call began has to find it, and one that begins the TTL or more after it
/// ended must not.
#[tokio::test]
async fn a_value_is_served_exactly_for_its_ttl() {
    let cache = alone().await;
    let ttls: Vec<u64> = (5..=60).collect();
    let mut stored = Vec::new();
    for ttl in &ttls {
        let ttl = millis(*ttl);
        let key = format!("key:{}", ttl.as_millis());
        let options = EntryOptions::new().absolute_expiration(ttl);
        let call = set(&cache, &key, options).await;
        stored.push((key, ttl, call));
    }
    let (mut served, mut reads) = (0, 0);
    while stored.last().unwrap().2.ended.elapsed() < millis(80) {
        for (key, ttl, set) in &stored {
            let (read, found) = get(&cache, key).await;
            reads += 1;
            served += usize::from(found);
            let age = set.age_at(&read);
            assert!(
                !found || age.start() < ttl,
                "{key} was served after {age:?}"
            );
            assert!(found || age.end() >= ttl, "{key} was gone after {age:?}");
        }
    }
    assert!(0 < served && served < reads, "{served} of {reads}");
}

/// A read that finds the value prolongs its life by the sliding span; the absolute span ends it.
#[tokio::test]
async fn reading_prolongs_a_sliding_life_up_to_the_absolute_one() {
    let cache = alone().await;
    for attempt in 1..=20 {
        if lives_up_to_its_absolute_span(&cache, millis(30 * attempt)).await {
            return;
        }
    }
    panic!("this machine stalls too often to tell");
}

/// Reads a sliding value as fast as it can. False when it was gone early because this thread was
/// held up for as long as the sliding span.
async fn lives_up_to_its_absolute_span(cache: &Cache, sliding: Duration) -> bool {
    let absolute = sliding * 5;
    let options = EntryOptions::new()
        .absolute_expiration(absolute)
        .sliding_expiration(sliding);
    let set = set(cache, "key", options).await;
    let mut last = set;
    loop {
        let (read, found) = get(cache, "key").await;
        let age = set.age_at(&read);
        let idle = last.age_at(&read);
        if !found {
            assert!(
                *age.end() >= absolute || *idle.end() >= sliding,
                "gone after {age:?}"
            );
            return *age.end() >= absolute;
        }
        assert!(*age.start() < absolute, "served after {age:?}");
        assert!(
            *idle.start() < sliding,
            "served {idle:?} after the last read"
        );
        last = read;
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
    loop {
        let (read, found) = get(&cache, "key").await;
        if !found {
            assert!(*set.age_at(&read).end() >= millis(50));
            break;
        }
        assert!(*set.age_at(&read).start() < millis(50));
    }
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
