//! Invalidations, counted where they are sent and where they are heard.

use std::time::Duration;

use testbed::eventually;

use crate::bed::{Bed, PATIENCE, Transport, on_every_transport};
use crate::l1_l2::{caught_up, two};

on_every_transport!(
    removals_are_counted_where_they_are_sent_and_heard,
    removals_at_once_share_batches,
);

async fn removals_are_counted_where_they_are_sent_and_heard(transport: Transport) {
    let bed = Bed::start(transport);
    let (a, b) = two(&bed).await;
    let before = (a.invalidations(), b.invalidations());
    assert_eq!((before.0.total, before.1.received), (0, 0));
    for key in 0..10 {
        assert!(a.remove(&format!("key:{key}")).await.is_applied());
    }
    a.remove_batch(["a", "b", "c", "d", "e"]).await;
    a.remove_pattern("a:*").await;
    a.remove_tag("red").await;
    let newest = a.clear().await;
    let sent = a.invalidations();
    assert_eq!((sent.total, sent.sent_batches), (18, 14));
    assert_eq!((sent.pending, sent.received, sent.collapsed), (0, 0, 0));
    assert!(sent.per_second > 0.0);
    assert!(sent.average_latency > Duration::ZERO);
    assert!(Duration::ZERO < sent.p50_latency && sent.p50_latency <= sent.p99_latency);

    caught_up(&b, &newest).await;
    eventually("b counted them", PATIENCE, || async {
        b.invalidations().received >= 18
    })
    .await;
    let heard = b.invalidations();
    assert_eq!(
        (heard.received, heard.total, heard.sent_batches),
        (18, 0, 0)
    );
    assert!(Duration::ZERO < heard.propagation_p50);
    assert!(heard.propagation_p50 <= heard.propagation_p99);
    assert!(heard.propagation_p99 < PATIENCE);
    assert_eq!(
        (heard.gaps, heard.resyncs),
        (before.1.gaps, before.1.resyncs)
    );
}

async fn removals_at_once_share_batches(transport: Transport) {
    let bed = Bed::start(transport);
    let (a, b) = two(&bed).await;
    let removals = (0..500).map(|key| {
        let a = a.clone();
        tokio::spawn(async move { a.remove(&format!("key:{key}")).await })
    });
    for removal in removals.collect::<Vec<_>>() {
        assert!(removal.await.unwrap().is_applied());
    }
    let sent = a.invalidations();
    assert_eq!((sent.total, sent.pending), (500, 0));
    assert!(0 < sent.sent_batches && sent.sent_batches <= 500);
    if transport != Transport::Hub {
        assert!(sent.sent_batches < 500, "a round trip each");
    }
    eventually("b heard of all", PATIENCE, || async {
        b.invalidations().received == 500
    })
    .await;
}
