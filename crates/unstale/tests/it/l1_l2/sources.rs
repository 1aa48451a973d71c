//! Where a read says that it was answered from, when instances share an L2.

use std::convert::Infallible;

use testbed::eventually;
use unstale::{Cache, Source};

use super::{caught_up, two};
use crate::bed::{self, Bed, PATIENCE, Transport, on_every_transport};

on_every_transport!(
    one_instance_loads_and_the_other_finds_it_in_l2,
    who_waits_for_the_fill_of_another_instance_finds_it_in_l2,
    after_a_removal_elsewhere_the_value_is_loaded_anew,
);

/// Reads while the source of truth holds `row`.
async fn read(cache: &Cache, row: u32) -> (u32, Source) {
    let load = || async { Ok::<_, Infallible>(Some(row)) };
    let read = cache.get_or_load_sourced("key", load).await;
    let read = read.expect("a source that works").expect("a row");
    (*read.value, read.source)
}

async fn one_instance_loads_and_the_other_finds_it_in_l2(transport: Transport) {
    let bed = Bed::start(transport);
    let (a, b) = two(&bed).await;
    assert_eq!(read(&a, 1).await, (1, Source::Load));
    assert_eq!(read(&b, 2).await, (1, Source::L2));
    assert_eq!(read(&a, 3).await, (1, Source::L1));
    assert_eq!(read(&b, 3).await, (1, Source::L1));
}

async fn who_waits_for_the_fill_of_another_instance_finds_it_in_l2(transport: Transport) {
    let bed = Bed::start(transport);
    let (a, b) = two(&bed).await;
    let source = bed::Source::held();
    let loading = {
        let (a, source) = (a.clone(), source.clone());
        tokio::spawn(async move { a.get_or_load("key", || source.load(1_u32)).await })
    };
    eventually("the load began", PATIENCE, || async { source.loads() == 1 }).await;
    let waiting = {
        let b = b.clone();
        tokio::spawn(async move { read(&b, 2).await })
    };
    source.release();
    assert_eq!(waiting.await.expect("no panic"), (1, Source::L2));
    loading.await.expect("no panic").expect("no error");
}

async fn after_a_removal_elsewhere_the_value_is_loaded_anew(transport: Transport) {
    let bed = Bed::start(transport);
    let (a, b) = two(&bed).await;
    assert_eq!(read(&a, 1).await, (1, Source::Load));
    assert_eq!(read(&b, 2).await, (1, Source::L2));
    let removed = b.remove("key").await;
    assert!(removed.is_applied());
    caught_up(&a, &removed).await;
    assert_eq!(read(&a, 2).await, (2, Source::Load));
    assert_eq!(read(&b, 3).await, (2, Source::L2));
}
