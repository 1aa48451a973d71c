//! What is wrong with the server and its replicas.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;

use testbed::{Cluster, Server, WallClocks, eventually};

use super::{doctor, findings, only, sound};
use crate::bed::{PATIENCE, at, config, instance, until_told};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_eviction_that_may_take_the_log_is_found() {
    let server = sound()
        .arg("maxmemory-policy", "allkeys-lru")
        .start()
        .unwrap();
    only(&server, "eviction", "warning").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn memory_without_a_limit_is_found() {
    let server = sound().arg("maxmemory", "0").start().unwrap();
    only(&server, "memory", "warning").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_nearly_full_is_found() {
    let server = sound().start().unwrap();
    let ballast = "x".repeat(20_000_000);
    server.command(["SET", "ballast", &ballast]).unwrap();
    let info = format!("{:?}", server.command(["INFO", "memory"]).unwrap());
    let used = info.split("used_memory:").nth(1).unwrap();
    let used = used.split('\\').next().unwrap().parse::<u64>().unwrap();
    let limit = (used + 1_000_000).to_string();
    server
        .command(["CONFIG", "SET", "maxmemory", &limit])
        .unwrap();
    only(&server, "memory", "warning").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_cannot_save_is_found() {
    let server = sound()
        .arg("stop-writes-on-bgsave-error", "no")
        .arg("dbfilename", "taken")
        .start()
        .unwrap();
    fs::create_dir(server.directory().join("taken")).unwrap();
    server.command(["SET", "something", "to-save"]).unwrap();
    server.command(["BGSAVE"]).unwrap();
    eventually("saving failed", PATIENCE, || async {
        let info = server.command(["INFO", "persistence"]).unwrap();
        format!("{info:?}").contains("rdb_last_bgsave_status:err")
    })
    .await;
    only(&server, "persistence", "problem").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_replica_is_found() {
    let primary = sound().start().unwrap();
    let _instance = instance("first", config(&primary)).await;
    until_told(&primary, 1).await;
    let replica = sound().replica_of(&primary).start().unwrap();
    let ran = doctor(&replica).await;
    let role = ("role".to_owned(), "problem".to_owned());
    assert!(findings(&ran).contains(&role), "{ran:?}");
    let ran = doctor(&primary).await;
    assert!(ran.out.contains("1 replica"), "{ran:?}");
}

/// Somebody who asks to follow without a file, and so waits for others who may.
fn follower(primary: &Server) -> TcpStream {
    let mut stream = TcpStream::connect(primary.addr()).unwrap();
    stream.write_all(b"REPLCONF capa eof\r\n").unwrap();
    stream.read_exact(&mut [0; "+OK\r\n".len()]).unwrap();
    stream.write_all(b"PSYNC ? -1\r\n").unwrap();
    stream
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_replica_that_does_not_follow_yet_is_found() {
    let primary = sound()
        .arg("repl-diskless-sync", "yes")
        .arg("repl-diskless-sync-delay", "600")
        .start()
        .unwrap();
    let _follower = follower(&primary);
    eventually("it is listed", PATIENCE, || async {
        let info = primary.command(["INFO", "replication"]).unwrap();
        format!("{info:?}").contains("state=wait_bgsave")
    })
    .await;
    only(&primary, "replicas", "warning").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_replica_that_has_fallen_silent_is_found() {
    let primary = sound().start().unwrap();
    let _instance = instance("first", config(&primary)).await;
    until_told(&primary, 1).await;
    let replica = sound().replica_of(&primary).start().unwrap();
    replica.pause().unwrap();
    eventually("its silence is found", PATIENCE, || async {
        let ran = doctor(&primary).await;
        let silent = ("replicas".to_owned(), "warning".to_owned());
        let is_said = ran.out.contains("is silent for");
        (is_said && findings(&ran) == [silent])
            .then_some(())
            .ok_or(ran)
    })
    .await;
    replica.resume().unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clock_that_is_wrong_is_found() {
    let clocks = WallClocks::make().unwrap();
    let clock = clocks.clock("ahead").unwrap();
    clock.set(7_200).unwrap();
    let server = sound().wall_clock(&clock).start().unwrap();
    only(&server, "clock", "warning").await;
    let ran = doctor(&server).await;
    assert!(ran.out.contains("ahead of this machine's"), "{ran:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_that_run_out_are_found() {
    let server = sound().arg("maxclients", "40").start().unwrap();
    let _instance = instance("first", config(&server)).await;
    until_told(&server, 1).await;
    let others = (0..35).map(|_| TcpStream::connect(server.addr()).unwrap());
    let _others: Vec<_> = others.collect();
    eventually("the server knows of them", PATIENCE, || async {
        let ran = doctor(&server).await;
        let short = ("connections".to_owned(), "warning".to_owned());
        (findings(&ran) == [short]).then_some(()).ok_or(ran)
    })
    .await;
}

/// The one that is named does not own the slot of what instances keep there.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cluster_is_looked_at_where_the_instances_are() {
    let cluster = Cluster::of(&sound()).unwrap();
    let slot = cluster.slot_of("{unstale:0}:meta").unwrap();
    let owner = cluster.owner(slot).unwrap();
    let mut primaries = cluster.primaries().into_iter();
    let named = primaries.find(|node| node.port() != owner.port()).unwrap();
    let _instance = instance("first", config(named)).await;
    until_told(owner, 1).await;
    let ran = doctor(named).await;
    assert_eq!(findings(&ran), [], "{ran:?}");
    let ran = at(named, &["doctor", "--sample", "1"]).await;
    assert!(ran.out.contains("a cluster's node"), "{ran:?}");
    assert_eq!(ran.code, 0, "{ran:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_keeps_nothing_is_worth_a_note() {
    let server = sound().start().unwrap();
    let _instance = instance("first", config(&server)).await;
    until_told(&server, 1).await;
    let ran = at(&server, &["doctor", "--sample", "1"]).await;
    assert_eq!(ran.code, 0, "{ran:?}");
    let note = "note     persistence: none: after a restart L2 is empty";
    assert!(ran.out.contains(note), "{ran:?}");
}
