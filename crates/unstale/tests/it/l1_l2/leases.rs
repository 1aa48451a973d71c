//! The right to fill a missing key.

use std::mem;
use std::time::{Duration, Instant};

use testbed::eventually;
use unstale::{Cache, Entry, Lease, Lookup};

use super::{number, plain, steady, two};
use crate::bed::{Bed, PATIENCE, Source, Transport, on_every_transport};

on_every_transport!(
    a_miss_comes_with_a_lease_whose_fill_others_find,
    a_dropped_lease_goes_to_the_next_reader,
    a_lease_that_is_not_filled_is_not_waited_for_beyond_lease_wait,
    a_lease_that_is_not_filled_runs_out,
    a_fill_after_a_removal_elsewhere_is_refused,
    a_fill_after_a_ban_elsewhere_is_not_served,
    a_fill_after_a_set_elsewhere_is_refused,
    a_fill_whose_lease_was_taken_over_is_refused,
);

/// The lease, within a time in which none runs out.
pub(super) async fn missing(cache: &Cache, key: &str) -> Lease<u32> {
    let looked_up = tokio::time::timeout(PATIENCE / 2, cache.lookup::<u32>(key)).await;
    match looked_up.expect("an answer") {
        Lookup::Miss(lease) => lease,
        Lookup::Hit(value) => panic!("{key} has a value: {value}"),
    }
}

async fn a_miss_comes_with_a_lease_whose_fill_others_find(transport: Transport) {
    let bed = Bed::start(transport);
    let (a, b) = two(&bed).await;
    let lease = missing(&a, "key").await;
    assert_eq!(number(&b, "key").await, None, "a lease is not a value");
    assert_eq!(*lease.fill_entry(Entry::new(1).tag("red")).await, 1);
    for cache in [&a, &b] {
        let Lookup::Hit(value) = cache.lookup::<u32>("key").await else {
            panic!("it was filled")
        };
        assert_eq!(*value, 1);
    }
    b.remove_tag("red").await;
    assert_eq!(number(&b, "key").await, None);
}

async fn a_dropped_lease_goes_to_the_next_reader(transport: Transport) {
    let bed = Bed::start(transport);
    let (a, b) = two(&bed).await;
    let c = bed.instance_with("c", steady(&bed)).await;
    for number_of_key in 0..20 {
        let key = format!("key:{number_of_key}");
        drop(missing(&a, &key).await);
        // Neither LeaseWait (20 s) nor LeaseTtl (60 s) passes, and the lease is b's.
        let lease = missing(&b, &key).await;
        lease.fill(number_of_key).await;
        assert_eq!(number(&c, &key).await, Some(number_of_key));
    }
}

/// Its holder is gone, or hangs.
async fn a_lease_that_is_not_filled_is_not_waited_for_beyond_lease_wait(transport: Transport) {
    let bed = Bed::start(transport);
    let mut config = steady(&bed);
    let lease_wait = Duration::from_millis(400);
    config.lease_wait = lease_wait;
    let (a, _) = two(&bed).await;
    let b = bed.instance_with("impatient", config).await;
    mem::forget(missing(&a, "key").await);
    drop(a);

    let source = Source::ready();
    let began = Instant::now();
    let load = || source.load(2_u32);
    let loaded = tokio::time::timeout(PATIENCE, b.get_or_load("key", load)).await;
    assert_eq!(loaded.unwrap().unwrap().as_deref(), Some(&2));
    let waited = began.elapsed();
    assert!(waited >= lease_wait, "{waited:?}");
    assert_eq!(source.loads(), 1);
    // L1 has it; nobody else does, because the lease was not b's.
    assert_eq!(number(&b, "key").await, Some(2));
    let c = bed.instance_with("c", steady(&bed)).await;
    assert_eq!(number(&c, "key").await, None);
}

async fn a_lease_that_is_not_filled_runs_out(transport: Transport) {
    let bed = Bed::start(transport);
    let mut config = steady(&bed);
    config.lease_ttl = Duration::from_millis(500);
    config.lease_wait = Duration::from_millis(1);
    let a = bed.instance_with("a", config).await;
    mem::forget(missing(&a, "key").await);
    let b = bed.instance_with("b", steady(&bed)).await;
    // It waits up to 20 s for the fill, and gets the lease instead.
    let began = Instant::now();
    missing(&b, "key").await.fill(2).await;
    assert!(began.elapsed() < PATIENCE / 2);
    let c = bed.instance_with("c", steady(&bed)).await;
    assert_eq!(number(&c, "key").await, Some(2));
}

async fn a_fill_after_a_removal_elsewhere_is_refused(transport: Transport) {
    let bed = Bed::start(transport);
    let (a, b) = two(&bed).await;
    let lease = missing(&a, "key").await;
    assert!(b.remove("key").await.is_applied());
    assert_eq!(*lease.fill(1).await, 1, "the caller has what he loaded");
    assert_eq!(number(&b, "key").await, None);
    assert_eq!(number(&a, "key").await, None);
    assert_eq!(a.effectiveness().patterns[0].refused_fills, 1);
    // The next load is new enough.
    missing(&a, "key").await.fill(2).await;
    assert_eq!(number(&b, "key").await, Some(2));
}

async fn a_fill_after_a_ban_elsewhere_is_not_served(transport: Transport) {
    let bed = Bed::start(transport);
    let (a, b) = two(&bed).await;
    for ban in 0..3 {
        let lease = missing(&a, "a:b").await;
        let outcome = match ban {
            0 => b.remove_pattern("a:*").await,
            1 => b.remove_tag("red").await,
            _ => b.clear().await,
        };
        assert!(outcome.is_applied());
        lease.fill_entry(Entry::new(1).tag("red")).await;
        assert_eq!(number(&b, "a:b").await, None, "ban {ban}");
        let c = bed.instance_with("c", steady(&bed)).await;
        assert_eq!(number(&c, "a:b").await, None, "ban {ban}");
        eventually("a applied the ban", PATIENCE, || async {
            number(&a, "a:b").await.is_none()
        })
        .await;
        // A useless record is taken over by the next reader.
        missing(&c, "a:b").await.fill(2).await;
        assert_eq!(number(&b, "a:b").await, Some(2), "ban {ban}");
        b.remove("a:b").await;
        eventually("a dropped its copy", PATIENCE, || async {
            number(&a, "a:b").await.is_none()
        })
        .await;
    }
}

async fn a_fill_after_a_set_elsewhere_is_refused(transport: Transport) {
    let bed = Bed::start(transport);
    let (a, b) = two(&bed).await;
    let lease = missing(&a, "key").await;
    b.set("key", &2_u32, plain()).await.unwrap();
    lease.fill(1).await;
    assert_eq!(number(&b, "key").await, Some(2));
    assert_eq!(number(&a, "key").await, Some(2));
}

/// The taken over lease is the newer one: it alone may be filled.
async fn a_fill_whose_lease_was_taken_over_is_refused(transport: Transport) {
    let bed = Bed::start(transport);
    let (a, b) = two(&bed).await;
    let older = missing(&a, "key").await;
    assert!(b.clear().await.is_applied());
    let newer = missing(&b, "key").await;
    older.fill(1).await;
    assert_eq!(a.effectiveness().patterns[0].refused_fills, 1);
    assert_eq!(number(&b, "key").await, None);
    newer.fill(2).await;
    let c = bed.instance_with("c", steady(&bed)).await;
    assert_eq!(number(&c, "key").await, Some(2));
}
