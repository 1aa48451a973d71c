//! Loads that several instances would do.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::{Duration, Instant};

use testbed::eventually;
use tokio::task::JoinHandle;
use unstale::Cache;

use super::{number, steady, two};
use crate::bed::{Bed, PATIENCE, Source, Transport, on_every_transport};

on_every_transport!(
    two_instances_load_once,
    many_instances_and_callers_load_once,
    a_cancelled_load_is_taken_up_by_the_other_instance,
    a_load_that_fails_is_taken_up_by_the_other_instance,
    nothing_is_not_stored_and_not_waited_for,
    a_load_that_began_before_a_removal_is_not_stored,
);

type Loaded = Result<Option<Arc<u32>>, Arc<Infallible>>;

fn reader(cache: &Cache, source: &Arc<Source>, value: u32) -> JoinHandle<Loaded> {
    let (cache, source) = (cache.clone(), source.clone());
    tokio::spawn(async move { cache.get_or_load("key", || source.load(value)).await })
}

async fn got(reader: JoinHandle<Loaded>) -> Option<u32> {
    let loaded = tokio::time::timeout(PATIENCE / 2, reader).await;
    let loaded = loaded.expect("no reader hangs").expect("none panics");
    loaded.expect("no error").as_deref().copied()
}

async fn loads(source: &Source, count: usize) {
    eventually("the load began", PATIENCE, || async {
        source.loads() == count
    })
    .await;
}

/// Watches for a while that something stays as it is; what would change it has time to.
async fn stays(what: &str, holds: impl Fn() -> bool) {
    let began = Instant::now();
    eventually(what, PATIENCE, || async {
        assert!(holds(), "{what}");
        began.elapsed() > Duration::from_millis(100)
    })
    .await;
}

async fn two_instances_load_once(transport: Transport) {
    let bed = Bed::start(transport);
    let (a, b) = two(&bed).await;
    let (first, second) = (Source::held(), Source::ready());
    let reader_a = reader(&a, &first, 1);
    loads(&first, 1).await;
    let reader_b = reader(&b, &second, 2);
    stays("b waits", || second.loads() == 0 && !reader_b.is_finished()).await;
    first.release();
    assert_eq!(got(reader_a).await, Some(1));
    assert_eq!(got(reader_b).await, Some(1), "it got what a loaded");
    assert_eq!(second.loads(), 0);
}

async fn many_instances_and_callers_load_once(transport: Transport) {
    let bed = Bed::start(transport);
    let mut instances = Vec::new();
    for name in 0..5 {
        instances.push(bed.instance_with(&name.to_string(), steady(&bed)).await);
    }
    let source = Source::ready();
    let readers = instances
        .iter()
        .flat_map(|cache| (0..20).map(|_| reader(cache, &source, 1)));
    for reader in readers.collect::<Vec<_>>() {
        assert_eq!(got(reader).await, Some(1));
    }
    assert_eq!(source.loads(), 1);
}

async fn a_cancelled_load_is_taken_up_by_the_other_instance(transport: Transport) {
    let bed = Bed::start(transport);
    let (a, b) = two(&bed).await;
    let (first, second) = (Source::held(), Source::ready());
    let reader_a = reader(&a, &first, 1);
    loads(&first, 1).await;
    let reader_b = reader(&b, &second, 2);
    stays("b waits", || second.loads() == 0).await;
    reader_a.abort();
    // Its instance goes with it.
    drop(a);
    assert_eq!(got(reader_b).await, Some(2));
    let c = bed.instance_with("c", steady(&bed)).await;
    assert_eq!(number(&c, "key").await, Some(2), "b had the lease");
}

async fn a_load_that_fails_is_taken_up_by_the_other_instance(transport: Transport) {
    let bed = Bed::start(transport);
    let (a, b) = two(&bed).await;
    let failed = a
        .get_or_load("key", || async { Err::<Option<u32>, _>("broken") })
        .await;
    assert_eq!(*failed.unwrap_err(), "broken");
    let source = Source::ready();
    assert_eq!(got(reader(&b, &source, 2)).await, Some(2));
    assert_eq!(number(&a, "key").await, Some(2));
}

async fn nothing_is_not_stored_and_not_waited_for(transport: Transport) {
    let bed = Bed::start(transport);
    let (a, b) = two(&bed).await;
    for cache in [&a, &b, &a] {
        let nothing = || async { Ok::<Option<u32>, ()>(None) };
        let loaded = tokio::time::timeout(PATIENCE / 2, cache.get_or_load("key", nothing)).await;
        assert_eq!(loaded.expect("an answer").unwrap(), None);
        assert_eq!(number(cache, "key").await, None);
    }
    assert_eq!(got(reader(&b, &Source::ready(), 2)).await, Some(2));
    assert_eq!(number(&a, "key").await, Some(2));
}

async fn a_load_that_began_before_a_removal_is_not_stored(transport: Transport) {
    let bed = Bed::start(transport);
    let (a, b) = two(&bed).await;
    let source = Source::held();
    let old = reader(&a, &source, 1);
    loads(&source, 1).await;
    assert!(b.remove("key").await.is_applied());
    // Who comes after the removal does not wait for the old load, on either instance.
    let fresh = Source::ready();
    assert_eq!(got(reader(&b, &fresh, 2)).await, Some(2));
    source.release();
    assert_eq!(got(old).await, Some(1));
    assert_eq!(number(&b, "key").await, Some(2));
    assert_eq!(number(&a, "key").await, Some(2));
}
