//! Who shares whose load. Join only if the flight's ticket is alive, and either the proof is
//! valid now, or the flight began without one less than `MaxStaleness` ago.

use std::time::Duration;

use testbed::eventually;
use tokio::time::{Instant, sleep, timeout};

use crate::bed::{
    Bed, PATIENCE, SlowLoad, Transport, caught_up, held, on_every_transport, quick, read,
    until_proven,
};

on_every_transport!(
    a_flight_is_shared,
    a_flight_from_before_a_removal_is_not_joined,
    a_third_load_waits_for_the_first,
    a_flight_past_the_load_timeout_does_not_count,
);

/// Less than a flight may take, so that waiting for one shows.
const SOON: Duration = Duration::from_secs(8);

async fn a_flight_is_shared(transport: Transport) {
    let bed = Bed::start(transport);
    let cache = bed.instance("one").await;
    let flight = SlowLoad::begin(&cache, "product:1", 1).await;
    let joined = cache.clone();
    let joined = tokio::spawn(async move { read(&joined, "product:1", 2).await });
    let began = Instant::now();
    while began.elapsed() < Duration::from_millis(50) {
        assert!(!joined.is_finished());
        sleep(Duration::from_millis(1)).await;
    }
    assert_eq!(flight.finish().await, 1);
    assert_eq!(joined.await.unwrap(), 1);
}

async fn a_flight_from_before_a_removal_is_not_joined(transport: Transport) {
    let bed = Bed::start(transport);
    let mut config = bed.config();
    config.load_timeout = Duration::from_secs(60);
    let here = bed.instance_with("here", config).await;
    let there = bed.instance("there").await;
    let older = SlowLoad::begin(&here, "product:1", 1).await;
    let removed = there.remove("product:1").await;
    caught_up(&here, removed.token().unwrap()).await;
    let value = timeout(SOON, read(&here, "product:1", 2)).await;
    assert_eq!(value.expect("a load of its own"), 2);
    older.finish().await;
    assert_eq!(held(&here, "product:1").await, Some(2));
}

/// A hot key under constant writes costs the source two loads at a time, no more.
async fn a_third_load_waits_for_the_first(transport: Transport) {
    let bed = Bed::start(transport);
    let cache = bed.instance("one").await;
    let first = SlowLoad::begin(&cache, "product:1", 1).await;
    assert!(cache.remove("product:1").await.is_applied());
    let second = SlowLoad::begin(&cache, "product:1", 2).await;
    assert!(cache.remove("product:1").await.is_applied());
    let waiting = cache.clone();
    let third = tokio::spawn(async move { SlowLoad::begin(&waiting, "product:1", 3).await });
    let began = Instant::now();
    while began.elapsed() < Duration::from_millis(100) {
        assert!(!third.is_finished(), "three loads at a time");
        sleep(Duration::from_millis(1)).await;
    }
    assert_eq!(first.finish().await, 1);
    let third = timeout(SOON, third).await.expect("it loads now").unwrap();
    assert_eq!(third.finish().await, 3);
    assert_eq!(second.finish().await, 2);
    assert_eq!(held(&cache, "product:1").await, Some(3));
}

async fn a_flight_past_the_load_timeout_does_not_count(transport: Transport) {
    let bed = Bed::start(transport);
    let mut config = bed.config();
    config.load_timeout = Duration::from_millis(100);
    let cache = bed.instance_with("one", config).await;
    let stuck = SlowLoad::begin(&cache, "product:1", 1).await;
    let value = timeout(SOON, read(&cache, "product:1", 2)).await;
    assert_eq!(value.expect("a load of its own"), 2);
    stuck.finish().await;
}

/// Without a proof, revocations do not arrive.
mod without_a_proof {
    use super::*;
    use crate::bed::on_every_server;

    on_every_server!(
        a_flight_that_began_with_one_is_not_joined,
        a_flight_that_began_without_one_is_not_joined_for_long,
    );

    async fn a_flight_that_began_with_one_is_not_joined(transport: Transport) {
        let bed = Bed::start(transport);
        let set = |config: &mut unstale::Config| {
            quick(config);
            config.load_timeout = Duration::from_secs(60);
        };
        let (cache, wires) = bed.wired("one", set).await;
        let writer = bed.instance("writer").await;
        until_proven(&cache, true).await;
        let older = SlowLoad::begin(&cache, "product:1", 1).await;
        wires.log.cut();
        assert!(writer.remove("product:1").await.is_applied());
        until_proven(&cache, false).await;
        let value = timeout(SOON, read(&cache, "product:1", 2)).await;
        assert_eq!(value.expect("a load of its own"), 2);
        older.finish().await;
        assert_ne!(held(&cache, "product:1").await, Some(1));
    }

    async fn a_flight_that_began_without_one_is_not_joined_for_long(transport: Transport) {
        let bed = Bed::start(transport);
        let set = |config: &mut unstale::Config| {
            quick(config);
            config.load_timeout = Duration::from_secs(60);
        };
        let (cache, wires) = bed.wired("one", set).await;
        let writer = bed.instance("writer").await;
        wires.log.cut();
        until_proven(&cache, false).await;
        let older = SlowLoad::begin(&cache, "product:1", 1).await;
        assert!(writer.remove("product:1").await.is_applied());
        let value = eventually("a reader has a load of its own", PATIENCE, || async {
            // Who joins has to wait, and gives up.
            timeout(Duration::from_millis(300), read(&cache, "product:1", 2)).await
        })
        .await;
        assert_eq!(value, 2);
        older.finish().await;
        assert_ne!(held(&cache, "product:1").await, Some(1));
    }
}
