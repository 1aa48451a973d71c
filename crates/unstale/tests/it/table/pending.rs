//! Removals that could not be sent, and the breaker.

use std::time::Duration;

use testbed::{Direction, eventually};
use unstale::{EntryOptions, Outcome};

use crate::bed::{Bed, PATIENCE, Transport, held, on_every_server, quick, read, until_sent, warm};

on_every_server!(
    a_failed_removal_is_retried_until_it_is_applied,
    what_the_breaker_held_back_is_sent_before_l2_is_read,
);

async fn a_failed_removal_is_retried_until_it_is_applied(transport: Transport) {
    let bed = Bed::start(transport);
    let (writer, proxy) = bed.proxied("writer", quick).await;
    let other = bed.instance("other").await;
    warm(&writer, "product:1", 1).await;
    warm(&other, "product:1", 1).await;

    proxy.cut();
    assert_eq!(writer.remove("product:1").await, Outcome::Pending);
    for _ in 0..50 {
        assert_eq!(held(&writer, "product:1").await, None);
        assert_eq!(read(&writer, "product:1", 2).await, 2);
    }
    assert_eq!(writer.invalidations().pending, 1);
    assert_eq!(writer.health().pending, 1);
    proxy.heal().unwrap();

    // From here on nobody calls the writer.
    eventually("the other instance dropped its copy", PATIENCE, || async {
        held(&other, "product:1").await.is_none()
    })
    .await;
    until_sent(&writer).await;
    assert_eq!(read(&other, "product:1", 2).await, 2);
    assert_eq!(read(&writer, "product:1", 2).await, 2);
}

async fn what_the_breaker_held_back_is_sent_before_l2_is_read(transport: Transport) {
    let bed = Bed::start(transport);
    let (writer, proxy) = bed.proxied("writer", quick).await;
    let other = bed.instance("other").await;
    let keys: Vec<_> = (0..50).map(|id| format!("product:{id}")).collect();
    for key in &keys {
        other.set(key, &1_u64, EntryOptions::new()).await.unwrap();
    }
    proxy.cut();
    for key in &keys {
        assert_eq!(writer.remove(key).await, Outcome::Pending);
    }
    eventually("the breaker opened", PATIENCE, || async {
        writer.health().breaker != "closed"
    })
    .await;
    proxy.heal().unwrap();
    // Slow enough to be looked at while it is going on.
    proxy.delay(Direction::ToClient, Duration::from_millis(60));
    eventually("the breaker closed", PATIENCE, || async {
        for key in &keys[..5] {
            assert_eq!(held(&writer, key).await, None);
        }
        let closed = writer.health().breaker == "closed";
        // Asked for afterwards: what was pending then had not been sent before it closed.
        assert!(!closed || writer.health().pending == 0);
        closed
    })
    .await;
    proxy.heal().unwrap();
    for key in &keys {
        assert_eq!(held(&writer, key).await, None);
        assert_eq!(held(&other, key).await, None);
    }
    tokio::time::timeout(Duration::from_secs(20), until_sent(&writer))
        .await
        .unwrap();
}
