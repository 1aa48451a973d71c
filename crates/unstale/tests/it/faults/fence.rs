//! The fence: the first thing on every connection.

use testbed::{Proxy, Server, eventually};
use unstale::{Cache, EntryOptions};

use crate::bed::{
    Bed, PATIENCE, Transport, held, numbers, on_every_server, patient, position, quick, read, text,
    warm,
};

const META: &str = "{unstale:0}:meta";
const RECORD: &str = "{unstale:0}:k:product:1";

on_every_server!(
    without_meta_nothing_is_appended,
    a_new_connection_is_fenced_before_it_is_used,
    a_replica_is_never_used,
    an_epoch_never_goes_back,
    a_record_of_an_unknown_format_is_a_miss,
    a_history_that_cannot_be_counted_on_from_is_over,
);

const LOG: &str = "{unstale:0}:cache:invalidations";

/// The script answers NOFENCE; the client fences, and sends the removal again.
async fn without_meta_nothing_is_appended(transport: Transport) {
    let bed = Bed::start(transport);
    let mut config = bed.config();
    patient(&mut config);
    let cache = bed.instance_with("one", config).await;
    let (epoch, _) = position(&cache);
    bed.server().command(["CONFIG", "RESETSTAT"]).unwrap();
    bed.server().command(["DEL", META]).unwrap();
    let removed = cache.remove("product:1").await;
    let (newer, seq) = numbers(removed.token().unwrap());
    assert!(newer > epoch);
    assert_eq!(seq, 2, "behind the entry that the fence appends");
    let errors = text(bed.server().command(["INFO", "errorstats"]).unwrap());
    assert!(errors.contains("errorstat_NOFENCE:count=1"), "{errors}");
}

/// Behind a proxy, a connection that is made anew may lead to another server, which still holds
/// what was removed on the first one.
async fn a_new_connection_is_fenced_before_it_is_used(transport: Transport) {
    let bed = Bed::start(transport);
    let replica = Server::builder().replica_of(bed.server()).start().unwrap();
    let proxy = Proxy::start(bed.server().addr()).await.unwrap();
    let (cache, writer) = without_l1(&bed, &proxy).await;
    store(&writer, &replica).await;
    let (epoch, _) = position(&cache);
    replica.command(["REPLICAOF", "NO", "ONE"]).unwrap();
    assert!(writer.remove("product:1").await.is_applied());

    // The old primary lives on, so nothing but the fence can tell.
    proxy.redirect(replica.addr());
    proxy.drop_connections();
    eventually("it is at home on the other server", PATIENCE, || async {
        assert_eq!(held(&cache, "product:1").await, None);
        assert_eq!(read(&cache, "product:2", 2).await, 2);
        position(&cache).0 > epoch && cache.health().breaker == "closed"
    })
    .await;
    assert_eq!(text(replica.command(["EXISTS", RECORD]).unwrap()), "1");
    assert_eq!(held(&cache, "product:1").await, None);
    assert_eq!(read(&cache, "product:1", 2).await, 2);
}

async fn a_replica_is_never_used(transport: Transport) {
    let bed = Bed::start(transport);
    let replica = Server::builder().replica_of(bed.server()).start().unwrap();
    let proxy = Proxy::start(bed.server().addr()).await.unwrap();
    let (cache, writer) = without_l1(&bed, &proxy).await;
    store(&writer, &replica).await;
    assert_eq!(held(&cache, "product:1").await, Some(1));

    proxy.redirect(replica.addr());
    proxy.drop_connections();
    eventually("the connection was missed", PATIENCE, || async {
        held(&cache, "product:1").await.is_none()
    })
    .await;
    let mut refused = 0;
    eventually("the replica was tried, again and again", PATIENCE, || {
        refused += u32::from(cache.health().breaker != "closed");
        let cache = &cache;
        async move {
            assert_eq!(held(cache, "product:1").await, None);
            assert_eq!(read(cache, "product:1", 2).await, 2);
            refused > 20
        }
    })
    .await;

    proxy.redirect(bed.server().addr());
    eventually("the primary is in use again", PATIENCE, || async {
        held(&cache, "product:1").await == Some(1)
    })
    .await;
}

/// A server whose history ended long ago is not followed into it.
async fn an_epoch_never_goes_back(transport: Transport) {
    let bed = Bed::start(transport);
    let (cache, proxy) = bed.proxied("one", quick).await;
    warm(&cache, "product:1", 1).await;
    let record = text(bed.server().command(["GET", RECORD]).unwrap());
    let (epoch, _) = position(&cache);

    let old = Server::start().unwrap();
    let replication = text(old.command(["INFO", "replication"]).unwrap());
    let id = replication
        .lines()
        .find_map(|line| line.strip_prefix("master_replid:"))
        .unwrap();
    for (field, value) in [
        ("epoch", "1000"),
        ("nonce", "01"),
        ("seq", "1"),
        ("owner", id),
    ] {
        old.command(["HSET", META, field, value]).unwrap();
    }
    let ancient = record.replacen(&epoch.to_string(), "1000", 1);
    old.command(["SET", RECORD, &ancient]).unwrap();
    proxy.redirect(old.addr());
    proxy.drop_connections();
    eventually("it is at home on the other server", PATIENCE, || async {
        let _ = cache.remove("elsewhere").await;
        let health = cache.health();
        health.proven && health.breaker == "closed" && position(&cache).0 > epoch
    })
    .await;
    assert_eq!(held(&cache, "product:1").await, None);
    warm(&cache, "product:1", 2).await;
}

/// Whatever another version, or somebody else, has written there.
async fn a_record_of_an_unknown_format_is_a_miss(transport: Transport) {
    let bed = Bed::start(transport);
    let cache = bed.instance("one").await;
    let (epoch, _) = position(&cache);
    let newer = format!("V9 {epoch} 1 0 token 0 120000 0 1 1 0 ;\u{1}");
    for foreign in [
        newer.as_str(),
        "",
        "garbage",
        "V1 ",
        "L1 ",
        "L9 1 1 0 token ;",
    ] {
        bed.server().command(["SET", RECORD, foreign]).unwrap();
        assert_eq!(held(&cache, "product:1").await, None, "{foreign}");
        assert_eq!(read(&cache, "product:1", 2).await, 2, "{foreign}");
        assert!(cache.remove("product:1").await.is_applied());
    }
}

/// An instance behind the proxy that can only answer from L2, and a writer on the primary.
async fn without_l1(bed: &Bed, proxy: &Proxy) -> (Cache, Cache) {
    let mut config = bed.config_at(&proxy.url());
    quick(&mut config);
    config.memory.enabled = false;
    let cache = bed.instance_with("one", config).await;
    (cache, bed.instance("writer").await)
}

/// Stores a value on the primary, and waits for the replica to have it.
async fn store(writer: &Cache, replica: &Server) {
    let set = writer.set("product:1", &1_u64, EntryOptions::new()).await;
    assert!(set.unwrap().is_applied());
    eventually("the replica has the record", PATIENCE, || async {
        text(replica.command(["EXISTS", RECORD]).unwrap()) == "1"
    })
    .await;
}

/// Lua loses count at 2^53, and a position has 64 bits. Whatever else is in there, nobody of ours
/// wrote it, and invalidation has to go on.
async fn a_history_that_cannot_be_counted_on_from_is_over(transport: Transport) {
    let bed = Bed::start(transport);
    let mut config = bed.config();
    quick(&mut config);
    let cache = bed.instance_with("one", config).await;
    let damage = [
        ["HSET", META, "seq", "18446744073709551615"],
        ["HSET", META, "seq", "9007199254740992"],
        ["HSET", META, "seq", "9007199254740991"],
        ["HSET", META, "seq", "-1"],
        ["HSET", META, "epoch", "18446744073709551615"],
        ["HSET", META, "epoch", "9007199254740991"],
        ["HSET", META, "epoch", "nan"],
        ["HSET", META, "ttl", "1e300"],
        ["HSET", META, "time", "99999999999999999999"],
    ];
    for command in damage {
        is_survived(&bed, &cache, &command).await;
    }
    if transport == Transport::Streams {
        for id in ["18446744073709551615-1", "9007199254740991-7"] {
            is_survived(&bed, &cache, &["XADD", LOG, id, "e", "{}"]).await;
        }
        let (epoch, _) = position(&cache);
        let id = format!("{epoch}-18446744073709551615");
        is_survived(&bed, &cache, &["XADD", LOG, &id, "e", "{}"]).await;
    }
}

async fn is_survived(bed: &Bed, cache: &Cache, command: &[&str]) {
    let key = &format!("damaged:{}", command.join(":"));
    warm(cache, key, 1).await;
    let (epoch, _) = position(cache);
    bed.server().command(command).unwrap();
    assert!(cache.remove(key).await.is_applied(), "{command:?}");
    eventually("a new epoch is followed", PATIENCE, || async {
        position(cache).0 > epoch && cache.health().proven
    })
    .await;
    let (epoch, seq) = position(cache);
    assert!(epoch < 1 << 52 && seq < 100, "{command:?}: {epoch}-{seq}");
    assert_eq!(read(cache, key, 2).await, 2, "{command:?}");
}
