//! What those get who wait for another instance's load while its key is removed.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use testbed::eventually;
use tokio::task::JoinHandle;
use unstale::{Cache, Entry, Source as From, Sourced};

use super::leases::missing;
use super::{caught_up, command, number, steady, two};
use crate::bed::{Bed, OF_ONE, PATIENCE, Source, Transport, on_every_server};

on_every_server!(
    who_waited_before_a_removal_gets_what_was_loaded,
    who_waited_for_what_was_stored_keeps_it,
    who_waited_for_what_was_stored_and_removed_loads_himself,
    who_reads_after_a_removal_gets_none_of_it,
    who_waits_is_told_that_the_load_was_given_up,
    what_a_ban_forbids_is_not_handed_over,
    who_waits_for_another_type_loads_himself,
    a_value_is_kept_for_nobody_when_nobody_waits,
    who_waits_for_a_load_that_never_ends_stops_when_its_lease_would_have_run_out,
);

type Reader = JoinHandle<Option<Sourced<u32>>>;

/// Reads, and returns when the server knows that this reader waits for another's load.
async fn waiting(bed: &Bed, cache: &Cache, key: &'static str, source: &Arc<Source>) -> Reader {
    let (cache, source) = (cache.clone(), source.clone());
    let reader = tokio::spawn(async move {
        let load = || source.load(2_u32);
        cache.get_or_load_sourced(key, load).await.unwrap()
    });
    eventually("somebody is known to wait", PATIENCE, || async {
        hand_overs(bed) == 1
    })
    .await;
    reader
}

/// How many hand-overs are awaited, or have happened.
fn hand_overs(bed: &Bed) -> usize {
    let names = command(bed, &["KEYS", &format!("{OF_ONE}:h:*")]);
    names.as_sequence().expect("a list").len()
}

async fn got(reader: Reader) -> (u32, From) {
    let read = tokio::time::timeout(PATIENCE / 2, reader).await;
    let read = read.expect("an answer").unwrap().expect("a value");
    (*read.value, read.source)
}

async fn who_waited_before_a_removal_gets_what_was_loaded(transport: Transport) {
    let bed = Bed::start(transport);
    let (a, b) = two(&bed).await;
    let c = bed.instance_with("c", steady(&bed)).await;
    let source = Source::ready();
    let lease = missing(&a, "key").await;
    let reader = waiting(&bed, &b, "key", &source).await;
    assert!(c.remove("key").await.is_applied());
    lease.fill(1).await;
    assert_eq!(got(reader).await, (1, From::Flight));
    assert_eq!(source.loads(), 0);
    // He alone: nobody else is to see it.
    for cache in [&a, &b, &c] {
        assert_eq!(number(cache, "key").await, None);
    }
}

async fn who_waited_for_what_was_stored_keeps_it(transport: Transport) {
    let bed = Bed::start(transport);
    let (a, b) = two(&bed).await;
    let lease = missing(&a, "key").await;
    let reader = waiting(&bed, &b, "key", &Source::ready()).await;
    lease.fill(1).await;
    assert_eq!(got(reader).await, (1, From::L2));
    let never = async || Ok::<_, Infallible>(Some(2_u32));
    let again = b.get_or_load_sourced("key", never).await.unwrap();
    assert_eq!(again.map(|read| read.source), Some(From::L1));
}

/// It does not wait for a hand-over until its patience ends: there will be none.
async fn who_waited_for_what_was_stored_and_removed_loads_himself(transport: Transport) {
    let bed = Bed::start(transport);
    let (a, b) = two(&bed).await;
    let c = bed.instance_with("c", steady(&bed)).await;
    let lease = missing(&a, "key").await;
    let reader = waiting(&bed, &b, "key", &Source::ready()).await;
    lease.fill(1).await;
    assert!(c.remove("key").await.is_applied());
    let (value, source) = got(reader).await;
    assert!(
        [(1, From::L2), (2, From::Load)].contains(&(value, source)),
        "{value} from {source}"
    );
}

async fn who_reads_after_a_removal_gets_none_of_it(transport: Transport) {
    let bed = Bed::start(transport);
    let (a, b) = two(&bed).await;
    let lease = missing(&a, "key").await;
    let reader = waiting(&bed, &b, "key", &Source::ready()).await;
    // On the instance that waits, and on another.
    assert!(b.remove("key").await.is_applied());
    let c = bed.instance_with("c", steady(&bed)).await;
    let source = Source::ready();
    for cache in [&b, &c] {
        let load = || source.load(3_u32);
        let read = cache.get_or_load("key", load).await.unwrap();
        assert_eq!(read.as_deref(), Some(&3));
    }
    assert_eq!(source.loads(), 1, "c finds what b has loaded");
    lease.fill(1).await;
    // Whoever began before the removal may have any of them.
    got(reader).await;
    for cache in [&a, &b, &c] {
        assert_eq!(number(cache, "key").await, Some(3));
    }
}

async fn who_waits_is_told_that_the_load_was_given_up(transport: Transport) {
    for removed in [false, true] {
        let bed = Bed::start(transport);
        let (a, b) = two(&bed).await;
        let source = Source::ready();
        let lease = missing(&a, "key").await;
        let reader = waiting(&bed, &b, "key", &source).await;
        if removed {
            assert!(a.remove("key").await.is_applied());
        }
        // Neither LeaseWait (20 s) nor LeaseTtl (60 s) passes.
        drop(lease);
        assert_eq!(got(reader).await, (2, From::Load));
        assert_eq!(source.loads(), 1);
        let c = bed.instance_with("c", steady(&bed)).await;
        assert_eq!(number(&c, "key").await, Some(2), "b had the lease");
    }
}

/// Bans take no leases away, and a value's tags are not known before it is there.
async fn what_a_ban_forbids_is_not_handed_over(transport: Transport) {
    let bed = Bed::start(transport);
    let (a, b) = two(&bed).await;
    let c = bed.instance_with("c", steady(&bed)).await;
    let source = Source::ready();
    let lease = missing(&a, "key").await;
    let reader = waiting(&bed, &b, "key", &source).await;
    caught_up(&b, &c.remove_tag("red").await).await;
    assert!(c.remove("key").await.is_applied());
    lease.fill_entry(Entry::new(1).tag("red")).await;
    assert_eq!(got(reader).await, (2, From::Load));
    assert_eq!(source.loads(), 1);
}

async fn who_waits_for_another_type_loads_himself(transport: Transport) {
    let bed = Bed::start(transport);
    let (a, b) = two(&bed).await;
    let source = Source::ready();
    let Ok(unstale::Lookup::Miss(lease)) =
        tokio::time::timeout(PATIENCE, a.lookup::<String>("key")).await
    else {
        panic!("nothing is there")
    };
    let reader = waiting(&bed, &b, "key", &source).await;
    assert!(a.remove("key").await.is_applied());
    lease.fill_entry(Entry::new("one".to_owned())).await;
    assert_eq!(got(reader).await, (2, From::Load));
}

async fn a_value_is_kept_for_nobody_when_nobody_waits(transport: Transport) {
    let bed = Bed::start(transport);
    let (a, b) = two(&bed).await;
    for (key, removed) in [("kept", false), ("removed", true)] {
        let lease = missing(&a, key).await;
        if removed {
            assert!(b.remove(key).await.is_applied());
        }
        lease.fill(1).await;
        assert_eq!(hand_overs(&bed), 0, "{key}");
    }
}

async fn who_waits_for_a_load_that_never_ends_stops_when_its_lease_would_have_run_out(
    transport: Transport,
) {
    let bed = Bed::start(transport);
    let mut config = steady(&bed);
    config.lease_ttl = Duration::from_secs(4);
    config.lease_wait = Duration::from_millis(1);
    let a = bed.instance_with("a", config).await;
    let b = bed.instance_with("b", steady(&bed)).await;
    let c = bed.instance_with("c", steady(&bed)).await;
    let source = Source::ready();
    std::mem::forget(missing(&a, "key").await);
    let reader = waiting(&bed, &b, "key", &source).await;
    assert!(c.remove("key").await.is_applied());
    // LeaseWait is 20 s.
    assert_eq!(got(reader).await, (2, From::Load));
    assert_eq!(number(&c, "key").await, Some(2), "b had the lease");
}
