//! A slot that changes hands.

use testbed::{Kind, Server, Value, eventually};
use unstale::Cache;

use super::{Bed, survives};
use crate::bed::{
    Load, PATIENCE, Transport, on_every_server, patient, position, read, until_proven, until_sent,
    warm,
};

on_every_server!(
    a_slot_that_moves_and_comes_back_is_followed,
    a_slot_that_moves_in_one_step_is_followed,
    who_was_not_told_that_a_slot_moved_reads_nothing_older,
);

async fn a_slot_that_moves_and_comes_back_is_followed(transport: Transport) {
    let bed = Bed::start();
    let caches = bed.two(transport).await;
    let load = Load::begin(&caches);
    let (first, second) = (bed.owner(), bed.another());
    for to in [second, first] {
        survives(&caches, &load, async || {
            bed.cluster.move_slot(bed.slot, to).unwrap();
        })
        .await;
        assert_eq!(bed.owner().port(), to.port());
    }
    load.end().await;
    for cache in &caches {
        until_sent(cache).await;
    }
}

/// As newer servers do it among themselves.
async fn a_slot_that_moves_in_one_step_is_followed(transport: Transport) {
    let bed = Bed::start();
    let (first, second) = (bed.owner(), bed.another());
    if first.kind() != Kind::Valkey || first.version().major < 9 {
        eprintln!("left out: this server cannot move a slot in one step");
        return;
    }
    let caches = bed.two(transport).await;
    let load = Load::begin(&caches);
    for (from, to) in [(first, second), (second, first)] {
        survives(&caches, &load, async || in_one_step(&bed, from, to).await).await;
    }
    load.end().await;
}

async fn in_one_step(bed: &Bed, from: &Server, to: &Server) {
    let slot = bed.slot.to_string();
    let id = to.command(["CLUSTER", "MYID"]).unwrap();
    let Value::BulkString(id) = id else {
        panic!("no id: {id:?}");
    };
    let id = String::from_utf8(id).unwrap();
    let moving = [
        "CLUSTER",
        "MIGRATESLOTS",
        "SLOTSRANGE",
        &slot,
        &slot,
        "NODE",
        &id,
    ];
    from.command(moving).unwrap();
    eventually("the slot has moved", PATIENCE, || async {
        bed.cluster.owner(bed.slot).map(Server::port) == Some(to.port())
    })
    .await;
}

/// Its own connections still lead to the node that owned the slot, and it does not probe for long.
async fn who_was_not_told_that_a_slot_moved_reads_nothing_older(transport: Transport) {
    let bed = Bed::start();
    let mut config = bed.config(transport);
    patient(&mut config);
    config.heartbeat.enabled = false;
    let builder = Cache::builder().config(config).instance_name("idle");
    let idle = builder.build().await.unwrap();
    until_proven(&idle, true).await;
    let writer = bed.instance("writer", transport).await;
    warm(&writer, "row:1", 1).await;
    warm(&idle, "row:1", 1).await;
    let before = position(&idle);

    bed.cluster.move_slot(bed.slot, bed.another()).unwrap();
    let token = eventually("the writer has followed", PATIENCE, || async {
        writer.remove("row:1").await.token().cloned()
    })
    .await;
    let load = || async { Ok::<_, std::convert::Infallible>(Some(2_u64)) };
    let rows = idle.space::<u64>("row");
    let after = rows.after(&token).get_or_load(1, load).await;
    assert_eq!(after.unwrap().as_deref(), Some(&2));
    eventually("the history is another one", PATIENCE, || async {
        position(&idle).0 > before.0
    })
    .await;
    assert_ne!(read(&idle, "row:1", 3).await, 1);
}
