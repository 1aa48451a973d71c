//! A primary that is lost, and comes back.

use std::time::Duration;

use testbed::{Server, Value, eventually};

use super::{Bed, key, survives};
use crate::bed::{Load, Transport, on_every_server, until_sent};

on_every_server!(a_primary_that_is_lost_and_comes_back_is_survived);

/// Nodes that were starved vote late, and no vote is sure to elect anybody.
pub(super) const ELECTION: Duration = Duration::from_secs(120);

/// The replica was cut off before, so that what was acknowledged last is lost. The old primary comes
/// back as a replica, and takes its place again in good order.
async fn a_primary_that_is_lost_and_comes_back_is_survived(transport: Transport) {
    let bed = Bed::start();
    let caches = bed.two(transport).await;
    let load = Load::begin(&caches);
    let killed = bed.owner();
    let [replica] = bed.cluster.replicas_of(killed)[..] else {
        panic!("the owner has one replica");
    };
    survives(&caches, &load, async || {
        killed.part_from(replica).unwrap();
        let lost = key("lost");
        killed.command(["SET", &lost, "1"]).unwrap();
        load.until_applied(50).await;
        killed.kill().unwrap();
        until_owner(&bed, replica).await;
        let there = replica.command(["EXISTS", &lost]).unwrap();
        assert_eq!(there, Value::Int(0), "the replica was not cut off");
    })
    .await;

    killed.restart().unwrap();
    bed.cluster.until_agreed().unwrap();
    replica.join_again().unwrap();
    survives(&caches, &load, async || {
        bed.cluster.promote(killed).unwrap();
    })
    .await;
    load.end().await;
    for cache in &caches {
        until_sent(cache).await;
    }
}

async fn until_owner(bed: &Bed, node: &Server) {
    eventually("the replica is promoted", ELECTION, || async {
        bed.cluster.owner(bed.slot).map(Server::port) == Some(node.port())
    })
    .await;
}
