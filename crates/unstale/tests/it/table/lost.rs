//! Messages that never arrive: trimmed from the log, or lost on the way.

use testbed::{Direction, eventually};

use crate::bed::{
    Bed, PATIENCE, Transport, caught_up, held, on_every_server, patient, position, quick, text,
    until_proven, warm,
};

/// Redis trims a Stream by whole nodes of a hundred entries.
const MANY: u32 = 250;

on_every_server!(
    a_message_lost_with_its_connection_drops_l1,
    a_message_lost_on_a_living_connection_drops_l1,
);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_slower_than_the_trimming_drops_l1() {
    let bed = Bed::start(Transport::Streams);
    let (reader, wires) = bed.wired("reader", patient).await;
    let mut config = bed.config();
    config.stream.max_stream_length = 5;
    let writer = bed.instance_with("writer", config).await;
    warm(&reader, "product:1", 1).await;
    warm(&reader, "product:2", 1).await;
    let before = reader.invalidations();

    wires.log.stall(Direction::ToClient);
    // The first one's answer is under way, held back; what follows is asked for too late.
    assert!(writer.remove("other:0").await.is_applied());
    let removed = writer.remove("product:1").await;
    let mut last = removed;
    for id in 0..MANY {
        last = writer.remove(&format!("other:{id}")).await;
    }
    let log = ["XLEN", "{unstale:0}:cache:invalidations"];
    let kept = text(bed.server().command(log).unwrap());
    assert!(
        kept.parse::<u32>().unwrap() < MANY,
        "nothing was trimmed: {kept}"
    );
    wires.log.heal().unwrap();

    caught_up(&reader, last.token().unwrap()).await;
    let after = reader.invalidations();
    assert!(after.gaps > before.gaps, "{after:?}");
    assert!(after.resyncs > before.resyncs, "{after:?}");
    assert_eq!(held(&reader, "product:1").await, None);
    // Everything else is as good as before: L2 still has it.
    assert_eq!(held(&reader, "product:2").await, Some(1));
}

/// Pub/Sub delivers to whoever is connected, once.
async fn a_message_lost_with_its_connection_drops_l1(transport: Transport) {
    let bed = Bed::start(transport);
    let (reader, wires) = bed.wired("reader", quick).await;
    let writer = bed.instance("writer").await;
    warm(&reader, "product:1", 1).await;
    wires.log.cut();
    let removed = writer.remove("product:1").await;
    wires.log.heal().unwrap();
    caught_up(&reader, removed.token().unwrap()).await;
    assert_eq!(held(&reader, "product:1").await, None);
    until_proven(&reader, true).await;
}

/// The server has counted a message that the reader never gets.
async fn a_message_lost_on_a_living_connection_drops_l1(transport: Transport) {
    let bed = Bed::start(transport);
    let mut config = bed.config();
    quick(&mut config);
    let reader = bed.instance_with("reader", config).await;
    warm(&reader, "product:1", 1).await;
    let (before, at) = (reader.invalidations(), position(&reader));
    let server = bed.server();
    server.command(["DEL", "{unstale:0}:k:product:1"]).unwrap();
    server
        .command(["HINCRBY", "{unstale:0}:meta", "seq", "1"])
        .unwrap();
    eventually("the loss was noticed", PATIENCE, || async {
        let after = reader.invalidations();
        let noticed = after.gaps > before.gaps && after.resyncs > before.resyncs;
        (noticed && position(&reader) > at)
            .then_some(())
            .ok_or(after)
    })
    .await;
    assert_eq!(held(&reader, "product:1").await, None);
    until_proven(&reader, true).await;
}
