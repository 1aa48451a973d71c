//! What is usually got wrong, row by row: each of these fails with a cache that works the usual
//! way.

mod bans;
mod fills;
mod lost;
mod pending;

use std::time::Duration;

use testbed::eventually;
use unstale::EntryOptions;

use crate::bed::{Bed, PATIENCE, Transport, caught_up, held, on_every_transport, patient, warm};

on_every_transport!(
    every_instance_gets_every_removal,
    a_removal_does_not_wait_for_the_next_poll,
    a_ban_binds_instances_that_start_later,
);

/// A consumer group would hand each removal to one of them.
async fn every_instance_gets_every_removal(transport: Transport) {
    const KEYS: u64 = 10;
    let bed = Bed::start(transport);
    let mut config = bed.config();
    patient(&mut config);
    let mut instances = Vec::new();
    for name in ["one", "two", "three"] {
        instances.push(bed.instance_with(name, config.clone()).await);
    }
    let keys: Vec<_> = (0..KEYS).map(|id| format!("product:{id}")).collect();
    for cache in &instances {
        for key in &keys {
            warm(cache, key, 1).await;
        }
    }
    let mut last = None;
    for key in &keys {
        last = instances[0].remove(key).await.token().cloned();
    }
    let last = last.expect("a server that works");
    for cache in &instances {
        caught_up(cache, &last).await;
        for key in &keys {
            assert_eq!(held(cache, key).await, None, "{key}");
        }
    }
    for other in &instances[1..] {
        assert_eq!(other.invalidations().received, KEYS);
    }
}

/// Nothing is polled for a minute, and yet the removal arrives.
async fn a_removal_does_not_wait_for_the_next_poll(transport: Transport) {
    let bed = Bed::start(transport);
    let mut config = bed.config();
    config.stream.poll_interval = Duration::from_secs(60);
    config.stream.ack_timeout = Duration::from_secs(90);
    config.max_staleness = Duration::from_secs(180);
    let writer = bed.instance_with("writer", config.clone()).await;
    let reader = bed.instance_with("reader", config).await;
    for round in 0..10 {
        warm(&reader, "stock:price:MSFT", round).await;
        assert!(writer.remove("stock:price:MSFT").await.is_applied());
        eventually("the copy was dropped", PATIENCE, || async {
            held(&reader, "stock:price:MSFT").await.is_none()
        })
        .await;
    }
    assert_eq!(reader.invalidations().received, 10);
}

/// What `meta` says binds those who were not there when it was said.
async fn a_ban_binds_instances_that_start_later(transport: Transport) {
    let bed = Bed::start(transport);
    let here = bed.instance("here").await;
    let tagged = EntryOptions::new().tag("sport");
    here.set("article:1", &1_u64, tagged).await.unwrap();
    for key in ["feed:user:1", "a1c", "product:1"] {
        here.set(key, &1_u64, EntryOptions::new()).await.unwrap();
    }
    assert!(here.remove_pattern("feed:user:*").await.is_applied());
    assert!(here.remove_pattern("a?c").await.is_applied());
    assert!(here.remove_tag("sport").await.is_applied());
    let late = bed.instance("late").await;
    for key in ["feed:user:1", "a1c", "article:1"] {
        assert_eq!(held(&late, key).await, None, "{key}");
    }
    assert_eq!(held(&late, "product:1").await, Some(1));
}
