//! A loader that read the old row, and returns after the removal.

use unstale::Lookup;

use crate::bed::{Bed, SlowLoad, Transport, caught_up, held, on_every_transport, read};

on_every_transport!(
    on_the_same_instance,
    on_another_instance,
    by_hand,
    after_a_pattern,
    after_a_tag,
    after_clearing,
);

async fn on_the_same_instance(transport: Transport) {
    let bed = Bed::start(transport);
    let here = bed.instance("here").await;
    let there = bed.instance("there").await;
    let load = SlowLoad::begin(&here, "product:1", 1).await;
    assert!(here.remove("product:1").await.is_applied());
    assert_eq!(load.finish().await, 1);
    assert_eq!(held(&here, "product:1").await, None);
    assert_eq!(held(&there, "product:1").await, None);
    assert_eq!(refused(&here), 1);
    assert_eq!(read(&here, "product:1", 2).await, 2);
}

async fn on_another_instance(transport: Transport) {
    let bed = Bed::start(transport);
    let here = bed.instance("here").await;
    let there = bed.instance("there").await;
    let load = SlowLoad::begin(&there, "product:1", 1).await;
    assert!(here.remove("product:1").await.is_applied());
    assert_eq!(load.finish().await, 1);
    // Whether or not it has heard of the removal: L2 has refused, and that is enough.
    assert_eq!(held(&there, "product:1").await, None);
    assert_eq!(held(&here, "product:1").await, None);
    assert_eq!(refused(&there), 1);
    assert_eq!(read(&there, "product:1", 2).await, 2);
}

/// Cache-aside as it is written by hand: look, load, fill.
async fn by_hand(transport: Transport) {
    let bed = Bed::start(transport);
    let here = bed.instance("here").await;
    let there = bed.instance("there").await;
    for remover in [&here, &there] {
        let Lookup::Miss(lease) = here.lookup::<u64>("product:1").await else {
            panic!("something was there");
        };
        assert!(remover.remove("product:1").await.is_applied());
        assert_eq!(*lease.fill(1).await, 1);
        assert_eq!(held(&here, "product:1").await, None);
        assert_eq!(held(&there, "product:1").await, None);
    }
    let Lookup::Miss(lease) = here.lookup::<u64>("product:1").await else {
        panic!("something was there");
    };
    lease.fill(2).await;
    assert_eq!(held(&there, "product:1").await, Some(2));
}

async fn after_a_pattern(transport: Transport) {
    ban_beats_loads_in_flight(transport, "feed:user:*").await;
}

async fn after_clearing(transport: Transport) {
    ban_beats_loads_in_flight(transport, "*").await;
}

/// The loads on either instance began before the ban, and end after it.
async fn ban_beats_loads_in_flight(transport: Transport, pattern: &str) {
    let bed = Bed::start(transport);
    let here = bed.instance("here").await;
    let there = bed.instance("there").await;
    let load_here = SlowLoad::begin(&here, "feed:user:1", 1).await;
    let load_there = SlowLoad::begin(&there, "feed:user:2", 1).await;
    let banned = here.remove_pattern(pattern).await;
    // Whoever comes after the ban has nothing to do with the older load.
    assert_eq!(read(&here, "feed:user:1", 2).await, 2);
    assert_eq!(load_here.finish().await, 1);
    assert_eq!(load_there.finish().await, 1);
    assert_eq!(held(&here, "feed:user:2").await, None);
    assert_ne!(held(&here, "feed:user:1").await, Some(1));
    caught_up(&there, banned.token().unwrap()).await;
    for cache in [&there, &here] {
        assert_ne!(held(cache, "feed:user:1").await, Some(1));
        assert_eq!(held(cache, "feed:user:2").await, None);
    }
    assert_eq!(read(&there, "feed:user:2", 2).await, 2);
}

/// A tag is not known before the value is loaded.
async fn after_a_tag(transport: Transport) {
    use unstale::Entry;
    let bed = Bed::start(transport);
    let here = bed.instance("here").await;
    let there = bed.instance("there").await;
    let (seen, has_seen) = tokio::sync::oneshot::channel();
    let (go_on, may_go_on) = tokio::sync::oneshot::channel::<()>();
    let slow = there.clone();
    let load = tokio::spawn(async move {
        let load = || async move {
            seen.send(()).expect("somebody waits");
            may_go_on.await.expect("somebody ends this");
            Ok::<_, std::convert::Infallible>(Some(Entry::new(1_u64).tag("sport")))
        };
        slow.get_or_load_entry("article:1", load).await
    });
    has_seen.await.unwrap();
    let banned = here.remove_tag("sport").await;
    go_on.send(()).unwrap();
    load.await.unwrap().unwrap();
    assert_eq!(held(&here, "article:1").await, None);
    caught_up(&there, banned.token().unwrap()).await;
    assert_eq!(held(&there, "article:1").await, None);
}

fn refused(cache: &unstale::Cache) -> u64 {
    let patterns = cache.effectiveness().patterns;
    patterns.iter().map(|pattern| pattern.refused_fills).sum()
}
