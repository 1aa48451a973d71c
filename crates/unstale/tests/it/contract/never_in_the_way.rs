//! F5: Redis slow, full or gone: reads come from the source, writes succeed, and the removals that
//! could not be sent are counted, visible, retried.

use std::time::Duration;

use testbed::eventually;
use tokio::time::timeout;
use unstale::{Cache, Config, EntryOptions, Outcome};

use crate::bed::{
    Bed, PATIENCE, Transport, also_in_four_partitions, caught_up, held, l1_answers,
    on_every_server, quick, read, until_proven, until_sent, warm,
};

also_in_four_partitions!(
    on_every_server:
    a_paused_server,
    a_server_that_is_gone,
    a_server_that_was_never_there,
    a_full_server,
    a_primary_without_its_replicas,
    a_removal_never_waits_for_the_server_to_come_back,
);

async fn a_paused_server(transport: Transport) {
    let (bed, cache) = start(transport).await;
    warm(&cache, "product:1", 1).await;
    bed.server().pause().unwrap();
    goes_on_alone(&cache).await;
    bed.server().resume().unwrap();
    comes_back(&cache).await;
}

async fn a_server_that_is_gone(transport: Transport) {
    let (bed, cache) = start(transport).await;
    warm(&cache, "product:1", 1).await;
    bed.server().kill().unwrap();
    goes_on_alone(&cache).await;
    bed.server().restart().unwrap();
    comes_back(&cache).await;
}

async fn a_server_that_was_never_there(transport: Transport) {
    let bed = Bed::start(transport);
    bed.server().kill().unwrap();
    let mut config = bed.config();
    quick(&mut config);
    let cache = bed.instance_with("one", config).await;
    goes_on_alone(&cache).await;
    bed.server().restart().unwrap();
    comes_back(&cache).await;
}

/// Values are refused; removals go on being applied everywhere.
async fn a_full_server(transport: Transport) {
    let (bed, cache) = start(transport).await;
    let other = bed.instance("other").await;
    warm(&cache, "product:1", 1).await;
    warm(&other, "product:1", 1).await;
    warm(&other, "feed:user:1", 1).await;
    let server = bed.server();
    server.command(["CONFIG", "SET", "maxmemory", "1"]).unwrap();

    let set = cache.set("product:2", &1_u64, EntryOptions::new()).await;
    assert_eq!(set.unwrap(), Outcome::Pending);
    until_sent(&cache).await;
    assert_eq!(read(&cache, "product:3", 1).await, 1);
    assert_eq!(bed.stored(&["product:2", "product:3"]), 0);

    let removed = cache.remove("product:1").await;
    let banned = cache.remove_pattern("feed:user:*").await;
    for applied in [removed, banned] {
        caught_up(&other, applied.token().unwrap()).await;
    }
    for key in ["product:1", "feed:user:1"] {
        assert_eq!(held(&other, key).await, None);
        assert_eq!(read(&cache, key, 2).await, 2);
    }
    // L1 goes on: a fill that could not be tried does not forbid a copy.
    eventually("L1 answers", PATIENCE, || async {
        read(&cache, "product:1", 2).await == 2 && l1_answers(&cache, "product:1").await
    })
    .await;

    server.command(["CONFIG", "SET", "maxmemory", "0"]).unwrap();
    eventually("values are stored again", PATIENCE, || async {
        read(&cache, "product:4", 1).await;
        assert!(cache.remove("product:5").await.is_applied());
        held(&other, "product:4").await == Some(1)
    })
    .await;
}

/// It may be an isolated one: what it acknowledges may be lost.
async fn a_primary_without_its_replicas(transport: Transport) {
    let (bed, cache) = start(transport).await;
    warm(&cache, "product:1", 1).await;
    let require = |replicas| {
        let server = bed.server();
        server
            .command(["CONFIG", "SET", "min-replicas-to-write", replicas])
            .unwrap()
    };
    require("1");
    goes_on_alone(&cache).await;
    require("0");
    comes_back(&cache).await;
}

/// Neither the one that is in flight when the server stops answering, nor those behind it.
async fn a_removal_never_waits_for_the_server_to_come_back(transport: Transport) {
    let bed = Bed::start(transport);
    let set = |config: &mut Config| {
        quick(config);
        config.breaker.failure_threshold = 1;
    };
    let (cache, _proxy) = bed.proxied("one", set).await;
    bed.server().pause().unwrap();
    let removals: Vec<_> = (0..200)
        .map(|id| {
            let cache = cache.clone();
            tokio::spawn(async move {
                // Spread over the time that the first ones take to fail.
                tokio::time::sleep(Duration::from_millis(4 * id)).await;
                cache.remove(&format!("product:{id}")).await
            })
        })
        .collect();
    for removal in removals {
        let outcome = timeout(PATIENCE, removal).await;
        let outcome = outcome.expect("a removal returns while the server does not answer");
        assert_eq!(outcome.unwrap(), Outcome::Pending);
    }
    assert_eq!(cache.invalidations().pending, 200);
    bed.server().resume().unwrap();
    until_sent(&cache).await;
}

async fn start(transport: Transport) -> (Bed, Cache) {
    let bed = Bed::start(transport);
    let mut config = bed.config();
    quick(&mut config);
    let cache = bed.instance_with("one", config).await;
    (bed, cache)
}

async fn goes_on_alone(cache: &Cache) {
    for write in 2..6 {
        let removed = timeout(PATIENCE, cache.remove("product:1")).await;
        assert_eq!(removed.expect("the write goes on"), Outcome::Pending);
        let value = timeout(PATIENCE, read(cache, "product:1", write)).await;
        assert_eq!(value.expect("the read goes on"), write);
        let other = timeout(PATIENCE, read(cache, "never:read:before", write)).await;
        other.expect("the read goes on");
    }
    assert_eq!(cache.invalidations().pending, 1);
    assert_eq!(cache.health().pending, 1);
    until_proven(cache, false).await;
    eventually("the breaker opened", PATIENCE, || async {
        assert_eq!(read(cache, "product:1", 6).await, 6);
        cache.health().breaker != "closed"
    })
    .await;
}

async fn comes_back(cache: &Cache) {
    until_sent(cache).await;
    until_proven(cache, true).await;
    warm(cache, "product:1", 7).await;
    eventually("L2 is in service", PATIENCE, || async {
        cache.health().breaker == "closed"
    })
    .await;
    assert!(cache.remove("product:1").await.is_applied());
    assert_eq!(read(cache, "product:1", 8).await, 8);
}
