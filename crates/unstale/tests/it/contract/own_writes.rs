//! F2: on the instance that called `remove`, a read that starts after the call returned never
//! sees an older value.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use testbed::{Direction, Proxy, eventually};
use unstale::{Cache, EntryOptions, Outcome};

use crate::bed::{
    Bed, PATIENCE, SlowLoad, Transport, also_in_four_partitions, held, on_every_transport, quick,
    read, until_sent, warm,
};

also_in_four_partitions!(
    on_every_transport:
    a_read_after_a_removal_sees_the_write,
    nobody_joins_an_older_load,
);

async fn a_read_after_a_removal_sees_the_write(transport: Transport) {
    const WRITES: u64 = 300;
    let bed = Bed::start(transport);
    let here = bed.instance("here").await;
    let there = bed.instance("there").await;
    let row = Arc::new(AtomicU64::new(0));
    let stop = Arc::new(AtomicBool::new(false));
    let mut readers = Vec::new();
    for cache in [&here, &here, &there] {
        let (cache, row, stop) = (cache.clone(), row.clone(), stop.clone());
        readers.push(tokio::spawn(async move {
            while !stop.load(Ordering::SeqCst) {
                read_row(&cache, &row).await;
                tokio::task::yield_now().await;
            }
        }));
    }
    for write in 1..=WRITES {
        row.store(write, Ordering::SeqCst);
        assert!(here.remove("product:1").await.is_applied());
        assert_eq!(read_row(&here, &row).await, write);
        let held = held(&here, "product:1").await;
        assert!(
            held.is_none_or(|value| value == write),
            "{held:?} after {write}"
        );
    }
    stop.store(true, Ordering::SeqCst);
    for reader in readers {
        reader.await.unwrap();
    }
}

async fn nobody_joins_an_older_load(transport: Transport) {
    let bed = Bed::start(transport);
    let here = bed.instance("here").await;
    let older = SlowLoad::begin(&here, "product:1", 1).await;
    assert!(here.remove("product:1").await.is_applied());
    assert_eq!(read(&here, "product:1", 2).await, 2);
    assert_eq!(older.finish().await, 1);
    assert_eq!(read(&here, "product:1", 3).await, 2);
}

/// With nobody to send the removal to.
mod without_a_server {
    use super::*;
    use crate::bed::on_every_server;

    on_every_server!(keys, bans, an_older_load_in_flight);
    also_in_four_partitions!(keys, bans, an_older_load_in_flight);

    async fn keys(transport: Transport) {
        let (bed, cache) = start(transport).await;
        warm(&cache, "product:1", 1).await;
        bed.server().kill().unwrap();
        for write in 2..10 {
            assert_eq!(cache.remove("product:1").await, Outcome::Pending);
            assert_eq!(held(&cache, "product:1").await, None);
            assert_eq!(read(&cache, "product:1", write).await, write);
        }
    }

    async fn bans(transport: Transport) {
        let (bed, cache) = start(transport).await;
        for key in ["feed:user:1", "a1c", "product:1"] {
            warm(&cache, key, 1).await;
        }
        bed.server().kill().unwrap();
        assert_eq!(cache.remove_pattern("feed:user:*").await, Outcome::Pending);
        assert_eq!(read(&cache, "feed:user:1", 2).await, 2);
        assert_eq!(cache.remove_pattern("a?c").await, Outcome::Pending);
        assert_eq!(read(&cache, "a1c", 2).await, 2);
        assert_eq!(cache.clear().await, Outcome::Pending);
        for write in 2..5 {
            assert_eq!(read(&cache, "product:1", write).await, write);
        }
    }

    async fn an_older_load_in_flight(transport: Transport) {
        let (bed, cache) = start(transport).await;
        let older = SlowLoad::begin(&cache, "product:1", 1).await;
        bed.server().kill().unwrap();
        assert_eq!(cache.remove("product:1").await, Outcome::Pending);
        assert_eq!(read(&cache, "product:1", 2).await, 2);
        older.finish().await;
        assert_eq!(held(&cache, "product:1").await, None);
        bed.server().restart().unwrap();
        until_sent(&cache).await;
        assert_eq!(read(&cache, "product:1", 3).await, 3);
    }

    async fn start(transport: Transport) -> (Bed, Cache) {
        let bed = Bed::start(transport);
        let mut config = bed.config();
        quick(&mut config);
        let cache = bed.instance_with("one", config).await;
        (bed, cache)
    }
}

/// The server does what it is told, and its answer does not arrive.
mod without_an_answer {
    use super::*;
    use crate::bed::on_every_server;

    on_every_server!(of_a_removal, of_a_tag_ban, of_a_set);
    also_in_four_partitions!(of_a_removal, of_a_tag_ban, of_a_set);

    async fn of_a_removal(transport: Transport) {
        let (_bed, proxy, cache) = start(transport).await;
        warm(&cache, "product:1", 1).await;
        proxy.stall(Direction::ToClient);
        assert_eq!(cache.remove("product:1").await, Outcome::Pending);
        for write in 2..6 {
            assert_eq!(held(&cache, "product:1").await, None);
            assert_eq!(read(&cache, "product:1", write).await, write);
        }
        proxy.heal().unwrap();
        until_sent(&cache).await;
        assert_eq!(read(&cache, "product:1", 7).await, 7);
    }

    async fn of_a_tag_ban(transport: Transport) {
        let (_bed, proxy, cache) = start(transport).await;
        let tagged = || EntryOptions::new().tag("sport");
        cache.set("article:1", &1_u64, tagged()).await.unwrap();
        warm(&cache, "article:1", 1).await;
        proxy.stall(Direction::ToServer);
        assert_eq!(cache.remove_tag("sport").await, Outcome::Pending);
        assert_eq!(held(&cache, "article:1").await, None);
        proxy.heal().unwrap();
        until_sent(&cache).await;
        assert_eq!(held(&cache, "article:1").await, None);
        assert_eq!(read(&cache, "article:1", 2).await, 2);
    }

    /// It becomes a removal: what was stored, if it was, is not served.
    async fn of_a_set(transport: Transport) {
        let (bed, proxy, cache) = start(transport).await;
        let other = bed.instance("other").await;
        warm(&cache, "product:1", 1).await;
        warm(&other, "product:1", 1).await;
        proxy.stall(Direction::ToClient);
        let set = cache.set("product:1", &2_u64, EntryOptions::new()).await;
        assert_eq!(set.unwrap(), Outcome::Pending);
        for write in 3..6 {
            assert_eq!(held(&cache, "product:1").await, None);
            assert_eq!(read(&cache, "product:1", write).await, write);
        }
        proxy.heal().unwrap();
        until_sent(&cache).await;
        eventually("the removal reached the others", PATIENCE, || async {
            bed.stored(&["product:1"]) == 0 && held(&other, "product:1").await.is_none()
        })
        .await;
    }

    async fn start(transport: Transport) -> (Bed, Proxy, Cache) {
        let bed = Bed::start(transport);
        let (cache, proxy) = bed.proxied("one", quick).await;
        (bed, proxy, cache)
    }
}

async fn read_row(cache: &Cache, row: &AtomicU64) -> u64 {
    let load = || async {
        let seen = row.load(Ordering::SeqCst);
        tokio::task::yield_now().await;
        Ok::<_, Infallible>(Some(seen))
    };
    *cache.get_or_load("product:1", load).await.unwrap().unwrap()
}
