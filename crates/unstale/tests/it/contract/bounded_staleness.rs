//! F3: no instance answers from L1 with a value whose removal was acknowledged more than
//! `MaxStaleness` ago. One that cannot prove that it is caught up fails closed, and goes on.

use std::time::Duration;

use testbed::Direction;
use tokio::time::{Instant, sleep};

use crate::bed::{
    Bed, Transport, Wires, also_in_four_partitions, held, on_every_server, quick, read,
    until_proven, warm,
};

const MAX_STALENESS: Duration = Duration::from_millis(400);

also_in_four_partitions!(
    on_every_server:
    the_log_is_silent,
    the_log_does_not_hear,
    the_log_is_lost_in_a_black_hole,
    the_log_is_cut_off,
    everything_is_silent,
    everything_is_cut_off,
    the_log_is_late,
);

async fn the_log_is_silent(transport: Transport) {
    fails_closed(transport, |wires| wires.log.stall(Direction::ToClient)).await;
}

async fn the_log_does_not_hear(transport: Transport) {
    fails_closed(transport, |wires| wires.log.stall(Direction::ToServer)).await;
}

async fn the_log_is_lost_in_a_black_hole(transport: Transport) {
    fails_closed(transport, |wires| wires.log.black_hole(Direction::Both)).await;
}

async fn the_log_is_cut_off(transport: Transport) {
    fails_closed(transport, |wires| wires.log.cut()).await;
}

async fn everything_is_silent(transport: Transport) {
    fails_closed(transport, |wires| {
        wires.log.stall(Direction::Both);
        wires.commands.stall(Direction::Both);
    })
    .await;
}

async fn everything_is_cut_off(transport: Transport) {
    fails_closed(transport, |wires| {
        wires.log.cut();
        wires.commands.cut();
    })
    .await;
}

/// A message that arrives after the bound must not have been waited for.
async fn the_log_is_late(transport: Transport) {
    fails_closed(transport, |wires| {
        wires.log.delay(Direction::ToClient, 3 * MAX_STALENESS);
    })
    .await;
}

/// Reads all the time, and judges each read by when it started.
async fn fails_closed(transport: Transport, fault: impl FnOnce(&Wires)) {
    let bed = Bed::start(transport);
    let (reader, wires) = bed
        .wired("reader", |config| {
            quick(config);
            config.max_staleness = MAX_STALENESS;
        })
        .await;
    let writer = bed.instance("writer").await;
    warm(&reader, "product:1", 1).await;

    fault(&wires);
    assert!(writer.remove("product:1").await.is_applied());
    let acknowledged = Instant::now();
    let mut late_reads = 0;
    while late_reads < 20 || acknowledged.elapsed() < 3 * MAX_STALENESS {
        let started = Instant::now();
        let found = held(&reader, "product:1").await;
        let value = read(&reader, "product:1", 2).await;
        let late = started > acknowledged + MAX_STALENESS;
        late_reads += u32::from(late);
        let age = started - acknowledged;
        assert!(
            !late || found != Some(1),
            "served {age:?} after the removal"
        );
        assert!(!late || value == 2, "served {age:?} after the removal");
        sleep(Duration::from_millis(2)).await;
    }

    wires.log.heal().unwrap();
    wires.commands.heal().unwrap();
    until_proven(&reader, true).await;
    warm(&reader, "product:1", 2).await;
}
