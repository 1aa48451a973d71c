//! F4: trimmed entries, lost messages, a restarted, flushed or failed-over server, a reused
//! position: each is detected.

use testbed::{Direction, Proxy, Server, eventually};
use unstale::{Cache, EntryOptions};

use crate::bed::{
    Bed, PATIENCE, Transport, caught_up, held, numbers, on_every_server, patient, position, quick,
    read, text, until_proven, warm,
};

const META: &str = "{unstale:0}:meta";
const LOG: &str = "{unstale:0}:cache:invalidations";
const RECORD: &str = "{unstale:0}:k:product:1";

on_every_server!(
    a_flushed_server,
    a_new_epoch_is_counted_as_a_loss,
    the_meta_lost_alone,
    the_meta_lost_before_a_removal,
    a_server_that_was_killed_and_lost_everything,
    a_history_with_another_nonce,
    a_position_that_goes_back,
    a_position_that_goes_back_before_a_removal,
    a_replica_that_lacks_acknowledged_removals,
);

async fn a_flushed_server(transport: Transport) {
    let (bed, cache) = start(transport).await;
    let broken = || bed.flush();
    begins_a_new_epoch(&cache, broken).await;
}

async fn a_new_epoch_is_counted_as_a_loss(transport: Transport) {
    let (bed, cache) = start(transport).await;
    let before = cache.invalidations();
    begins_a_new_epoch(&cache, || bed.flush()).await;
    let after = cache.invalidations();
    assert!(after.gaps > before.gaps, "{after:?}");
}

async fn the_meta_lost_alone(transport: Transport) {
    let (bed, cache) = start(transport).await;
    begins_a_new_epoch(&cache, || {
        bed.server().command(["DEL", META]).unwrap();
    })
    .await;
    assert_eq!(text(bed.server().command(["EXISTS", RECORD]).unwrap()), "1");
}

/// Nobody has probed since: the removal itself finds out, and does not come too late.
async fn the_meta_lost_before_a_removal(transport: Transport) {
    let bed = Bed::start(transport);
    let mut config = bed.config();
    patient(&mut config);
    let here = bed.instance_with("here", config).await;
    let there = bed.instance("there").await;
    warm(&here, "product:1", 1).await;
    warm(&there, "product:1", 1).await;
    let (epoch, _) = position(&here);
    bed.server().command(["DEL", META]).unwrap();
    let removed = here.remove("other").await;
    let (newer, _) = numbers(removed.token().expect("a server that works"));
    assert!(newer > epoch);
    assert_eq!(held(&here, "product:1").await, None);
    caught_up(&there, removed.token().unwrap()).await;
    assert_eq!(held(&there, "product:1").await, None);
}

async fn a_server_that_was_killed_and_lost_everything(transport: Transport) {
    let (bed, cache) = start(transport).await;
    begins_a_new_epoch(&cache, || bed.server().restart().unwrap()).await;
}

/// Another history that came to the same epoch.
async fn a_history_with_another_nonce(transport: Transport) {
    let (bed, cache) = start(transport).await;
    begins_a_new_epoch(&cache, || {
        let nonce = ["HSET", META, "nonce", "00000000deadbeef"];
        bed.server().command(nonce).unwrap();
    })
    .await;
    assert_eq!(text(bed.server().command(["EXISTS", RECORD]).unwrap()), "1");
}

/// The next removals would get positions that were used before.
async fn a_position_that_goes_back(transport: Transport) {
    let (bed, cache) = start(transport).await;
    for _ in 0..5 {
        assert!(cache.remove("other").await.is_applied());
    }
    let before = cache.invalidations();
    eventually("the cursor moved", PATIENCE, || async {
        position(&cache).1 > 5
    })
    .await;
    bed.server().command(["HSET", META, "seq", "2"]).unwrap();
    bed.server().command(["DEL", RECORD]).unwrap();
    eventually("it was noticed", PATIENCE, || async {
        cache.invalidations().resyncs > before.resyncs
    })
    .await;
    assert_eq!(held(&cache, "product:1").await, None);
    comes_back(&cache).await;
}

/// Nobody has probed since: the removal itself finds out, before it is given a position that
/// others know already.
async fn a_position_that_goes_back_before_a_removal(transport: Transport) {
    let bed = Bed::start(transport);
    let mut config = bed.config();
    patient(&mut config);
    let here = bed.instance_with("here", config).await;
    let there = bed.instance("there").await;
    for _ in 0..5 {
        let removed = here.remove("other").await;
        caught_up(&there, removed.token().unwrap()).await;
    }
    warm(&there, "product:1", 1).await;
    let (epoch, seq) = position(&there);
    let before = bed.server().command(["HGET", META, "seq"]).unwrap();
    assert_eq!(text(before), seq.to_string());
    let back = (seq - 1).to_string();
    bed.server().command(["HSET", META, "seq", &back]).unwrap();
    bed.server().command(["DEL", LOG]).unwrap();
    let removed = here.remove("product:1").await;
    caught_up(&there, removed.token().unwrap()).await;
    assert!(position(&there).0 > epoch);
    assert_eq!(read(&there, "product:1", 2).await, 2);
}

/// The promoted replica still holds what the primary had been told to drop.
async fn a_replica_that_lacks_acknowledged_removals(transport: Transport) {
    let bed = Bed::start(transport);
    let replica = Server::builder().replica_of(bed.server()).start().unwrap();
    let proxy = Proxy::start(bed.server().addr()).await.unwrap();
    let mut config = bed.config_at(&proxy.url());
    quick(&mut config);
    let writer = bed.instance_with("writer", config.clone()).await;
    let reader = bed.instance_with("reader", config).await;
    warm(&reader, "product:1", 1).await;
    warm(&reader, "product:2", 1).await;
    eventually("the replica has the record", PATIENCE, || async {
        text(replica.command(["EXISTS", RECORD]).unwrap()) == "1"
    })
    .await;
    replica.command(["REPLICAOF", "NO", "ONE"]).unwrap();
    let removed = writer.remove("product:1").await;
    caught_up(&reader, removed.token().unwrap()).await;
    let (epoch, _) = position(&reader);

    proxy.redirect(replica.addr());
    bed.server().kill().unwrap();
    eventually("both are at home on the replica", PATIENCE, || async {
        for cache in [&reader, &writer] {
            assert_eq!(held(cache, "product:1").await, None);
        }
        let at_home = |cache: &Cache| {
            let health = cache.health();
            health.proven && health.breaker == "closed" && position(cache).0 > epoch
        };
        at_home(&reader) && at_home(&writer)
    })
    .await;
    assert_eq!(text(replica.command(["EXISTS", RECORD]).unwrap()), "1");
    for cache in [&reader, &writer] {
        assert_eq!(held(cache, "product:1").await, None);
        assert_eq!(held(cache, "product:2").await, None);
    }
    assert_eq!(read(&reader, "product:1", 2).await, 2);
    assert_eq!(read(&writer, "product:1", 3).await, 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flushed_hub() {
    let (bed, cache) = start(Transport::Hub).await;
    begins_a_new_epoch(&cache, || bed.flush()).await;
}

/// A restart changes the replication id, so the data that it kept is of an old epoch.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_came_back_with_its_data() {
    let server = Server::builder().persistent().start().unwrap();
    let bed = Bed::on(Transport::Streams, server);
    let mut config = bed.config();
    quick(&mut config);
    let cache = bed.instance_with("one", config).await;
    warm(&cache, "product:1", 1).await;
    begins_a_new_epoch(&cache, || bed.server().restart().unwrap()).await;
    assert_eq!(text(bed.server().command(["EXISTS", RECORD]).unwrap()), "1");
    comes_back(&cache).await;
}

/// The log lost alone is a gap for whoever had not read all of it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_log_lost_alone() {
    let bed = Bed::start(Transport::Streams);
    let (reader, wires) = bed.wired("reader", patient).await;
    let writer = bed.instance("writer").await;
    warm(&reader, "product:1", 1).await;
    let before = reader.invalidations();
    wires.log.stall(Direction::ToClient);
    assert!(writer.remove("other").await.is_applied());
    assert!(writer.remove("product:1").await.is_applied());
    bed.server().command(["DEL", LOG]).unwrap();
    let last = writer.remove("other").await;
    wires.log.heal().unwrap();
    caught_up(&reader, last.token().unwrap()).await;
    let after = reader.invalidations();
    assert!(
        after.gaps > before.gaps && after.resyncs > before.resyncs,
        "{after:?}"
    );
    assert_eq!(held(&reader, "product:1").await, None);
}

async fn start(transport: Transport) -> (Bed, Cache) {
    let bed = Bed::start(transport);
    let mut config = bed.config();
    quick(&mut config);
    let cache = bed.instance_with("one", config).await;
    warm(&cache, "product:1", 1).await;
    (bed, cache)
}

/// Everything from before is a miss.
async fn begins_a_new_epoch(cache: &Cache, breaks: impl FnOnce()) {
    let (before, (epoch, _)) = (cache.invalidations(), position(cache));
    breaks();
    eventually("a new epoch began", PATIENCE, || async {
        let after = cache.invalidations();
        let noticed = after.resyncs > before.resyncs && position(cache).0 > epoch;
        noticed.then_some(()).ok_or(after)
    })
    .await;
    assert_eq!(held(cache, "product:1").await, None);
    comes_back(cache).await;
}

async fn comes_back(cache: &Cache) {
    until_proven(cache, true).await;
    eventually("L2 is in use", PATIENCE, || async {
        let set = cache.set("product:3", &1_u64, EntryOptions::new()).await;
        set.unwrap().is_applied() && held(cache, "product:3").await == Some(1)
    })
    .await;
}
