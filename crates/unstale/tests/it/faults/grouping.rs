//! Removals that share a script. One may be absorbed only by something sent after it started.

use std::time::Duration;

use testbed::{Direction, Proxy, eventually};
use tokio::time::timeout;
use unstale::{Cache, Config, Outcome};

use crate::bed::{
    Bed, PATIENCE, Transport, caught_up, held, numbers, on_every_server, patient, read, text,
    until_sent, warm,
};

on_every_server!(
    a_removal_is_not_absorbed_by_a_batch_in_flight,
    removals_that_wait_share_one_script,
    a_cancelled_removal_still_removes,
    a_batch_counts_as_one_removal,
);

async fn a_removal_is_not_absorbed_by_a_batch_in_flight(transport: Transport) {
    let (bed, proxy, cache) = start(transport).await;
    let other = bed.instance("other").await;
    proxy.stall(Direction::ToClient);
    let before = tail(&bed);
    let first = spawn_remove(&cache, "product:1");
    eventually("the first was carried out", PATIENCE, || async {
        tail(&bed) > before
    })
    .await;
    // Another instance now reads the row as it is before the second write.
    assert_eq!(read(&other, "product:1", 1).await, 1);
    let second = spawn_remove(&cache, "product:1");
    eventually("the second waits", PATIENCE, || async {
        cache.invalidations().pending == 2
    })
    .await;
    proxy.heal().unwrap();
    let first = first.await.unwrap();
    let second = second.await.unwrap();
    let (first, second) = (first.token().unwrap(), second.token().unwrap());
    assert!(numbers(second) > numbers(first));
    assert_eq!(held(&cache, "product:1").await, None);
    caught_up(&other, second).await;
    assert_eq!(held(&other, "product:1").await, None);
}

/// While one script is in flight the next batch gathers; each caller gets his own answer.
async fn removals_that_wait_share_one_script(transport: Transport) {
    const CALLERS: u64 = 60;
    let (bed, proxy, cache) = start(transport).await;
    let other = bed.instance("other").await;
    let keys: Vec<_> = (0..CALLERS)
        .map(|id| format!("product:{}", id % 20))
        .collect();
    for key in &keys[..20] {
        warm(&other, key, 1).await;
    }
    proxy.stall(Direction::ToServer);
    let sent = cache.invalidations().sent_batches;
    let total = cache.invalidations().total;
    let told = proxy.received(Direction::ToServer);
    let first = spawn_remove(&cache, "elsewhere");
    eventually("the first is in flight", PATIENCE, || async {
        proxy.received(Direction::ToServer) > told
    })
    .await;
    let waiting: Vec<_> = keys.iter().map(|key| spawn_remove(&cache, key)).collect();
    eventually("all of them wait", PATIENCE, || async {
        let stats = cache.invalidations();
        let all = stats.total == total + 1 + CALLERS;
        (all && stats.pending == 21).then_some(()).ok_or(stats)
    })
    .await;
    proxy.heal().unwrap();
    assert!(first.await.unwrap().is_applied());
    let mut last = None;
    for waiting in waiting {
        last = timeout(PATIENCE, waiting)
            .await
            .unwrap()
            .unwrap()
            .token()
            .cloned();
        assert!(last.is_some());
    }
    assert_eq!(cache.invalidations().sent_batches, sent + 2);
    caught_up(&other, &last.unwrap()).await;
    for key in &keys[..20] {
        assert_eq!(held(&other, key).await, None);
        assert_eq!(read(&cache, key, 2).await, 2);
    }
}

/// Pending belongs to the instance, not to the future that somebody waited for.
async fn a_cancelled_removal_still_removes(transport: Transport) {
    let (bed, proxy, cache) = start(transport).await;
    let other = bed.instance("other").await;
    warm(&cache, "product:1", 1).await;
    warm(&cache, "feed:user:1", 1).await;
    warm(&other, "product:1", 1).await;
    warm(&other, "feed:user:1", 1).await;
    proxy.stall(Direction::Both);
    let cancelled = timeout(Duration::ZERO, cache.remove("product:1")).await;
    assert!(cancelled.is_err());
    let cancelled = timeout(Duration::ZERO, cache.remove_pattern("feed:*")).await;
    assert!(cancelled.is_err());
    for key in ["product:1", "feed:user:1"] {
        assert_eq!(held(&cache, key).await, None);
        assert_eq!(read(&cache, key, 2).await, 2);
    }
    assert_eq!(cache.invalidations().pending, 2);
    proxy.heal().unwrap();
    until_sent(&cache).await;
    eventually("the others dropped their copies", PATIENCE, || async {
        held(&other, "product:1").await.is_none() && held(&other, "feed:user:1").await.is_none()
    })
    .await;
}

async fn a_batch_counts_as_one_removal(transport: Transport) {
    let (bed, _proxy, cache) = start(transport).await;
    let other = bed.instance("other").await;
    // More than fit into one script.
    let keys: Vec<_> = (0..1500).map(|id| format!("product:{id}")).collect();
    for key in keys.iter().step_by(300) {
        warm(&other, key, 1).await;
    }
    let removed = cache.remove_batch(&keys).await;
    caught_up(&other, removed.token().unwrap()).await;
    for key in keys.iter().step_by(300) {
        assert_eq!(held(&other, key).await, None);
    }
    assert_eq!(other.invalidations().received, 1500);
    let nothing: [&str; 0] = [];
    assert!(cache.remove_batch(nothing).await.is_applied());
}

/// An instance whose commands may take their time.
async fn start(transport: Transport) -> (Bed, Proxy, Cache) {
    let bed = Bed::start(transport);
    let set = |config: &mut Config| {
        patient(config);
        config.redis.command_timeout = Some(PATIENCE);
    };
    let (cache, proxy) = bed.proxied("one", set).await;
    // From now on the server knows the script, and one round trip is enough.
    assert!(cache.remove("elsewhere").await.is_applied());
    (bed, proxy, cache)
}

fn spawn_remove(cache: &Cache, key: &str) -> tokio::task::JoinHandle<Outcome> {
    let (cache, key) = (cache.clone(), key.to_owned());
    tokio::spawn(async move { cache.remove(&key).await })
}

/// The number of the newest log entry.
fn tail(bed: &Bed) -> u64 {
    let seq = ["HGET", "{unstale:0}:meta", "seq"];
    text(bed.server().command(seq).unwrap()).parse().unwrap()
}
