//! F1: after a removal is acknowledged, no value loaded before it can enter L2, or any L1 that
//! has applied it.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use unstale::{Cache, Token};

use crate::bed::{
    Bed, SlowLoad, Transport, also_in_four_partitions, caught_up, held, on_every_transport, quick,
};

also_in_four_partitions!(
    on_every_transport:
    a_load_from_before_never_enters,
    nothing_stale_is_left_when_the_writing_stops,
    a_flush_ends_the_leases_that_were_held,
);

async fn a_load_from_before_never_enters(transport: Transport) {
    let bed = Bed::start(transport);
    let instances = [bed.instance("one").await, bed.instance("two").await];
    for loading in &instances {
        for removing in &instances {
            let load = SlowLoad::begin(loading, "product:1", 1).await;
            let removed = removing.remove("product:1").await;
            caught_up(loading, removed.token().unwrap()).await;
            // A second one takes the lease that the removal freed, and is not to be disturbed.
            let newer = SlowLoad::begin(removing, "product:1", 2).await;
            load.finish().await;
            assert_eq!(held(loading, "product:1").await, None);
            assert_eq!(held(removing, "product:1").await, None);
            newer.finish().await;
            assert_eq!(held(loading, "product:1").await, Some(2));
            let removed = removing.remove("product:1").await;
            for cache in &instances {
                caught_up(cache, removed.token().unwrap()).await;
            }
        }
    }
}

/// It has not heard of the removal, and would serve its copy for as long as its proof holds: that
/// L2 refused the value has to be enough.
mod unheard {
    use testbed::Direction;

    use super::*;
    use crate::bed::{on_every_server, patient, read};

    on_every_server!(a_value_that_l2_refuses_does_not_enter_l1);
    also_in_four_partitions!(a_value_that_l2_refuses_does_not_enter_l1);

    async fn a_value_that_l2_refuses_does_not_enter_l1(transport: Transport) {
        let bed = Bed::start(transport);
        let (cache, wires) = bed.wired("one", patient).await;
        let other = bed.instance("other").await;
        let load = SlowLoad::begin(&cache, "product:1", 1).await;
        wires.log.stall(Direction::ToClient);
        assert!(other.remove("product:1").await.is_applied());
        assert_eq!(load.finish().await, 1);
        assert!(cache.health().proven);
        assert_eq!(held(&cache, "product:1").await, None);
        assert_eq!(read(&cache, "product:1", 2).await, 2);
        wires.log.heal().unwrap();
    }
}

/// Readers load as fast as they can while two writers write: in the end all see the last row.
async fn nothing_stale_is_left_when_the_writing_stops(transport: Transport) {
    const WRITES: u64 = 150;
    let bed = Bed::start(transport);
    let instances = [bed.instance("one").await, bed.instance("two").await];
    let keys: Vec<_> = (0..4).map(|id| format!("stock:{id}")).collect();
    let rows: Arc<Vec<AtomicU64>> = Arc::new(keys.iter().map(|_| AtomicU64::new(0)).collect());
    let stop = Arc::new(AtomicBool::new(false));
    let mut readers = Vec::new();
    for cache in instances.iter().chain(&instances) {
        let (cache, rows, stop) = (cache.clone(), rows.clone(), stop.clone());
        let keys = keys.clone();
        readers.push(tokio::spawn(async move {
            while !stop.load(Ordering::SeqCst) {
                for (key, row) in keys.iter().zip(&*rows) {
                    read_row(&cache, key, row).await;
                }
                tokio::task::yield_now().await;
            }
        }));
    }
    let mut writers = Vec::new();
    for (cache, half) in instances.iter().zip([0, 2]) {
        let (cache, rows, keys) = (cache.clone(), rows.clone(), keys.clone());
        writers.push(tokio::spawn(async move {
            let mut all: Option<Token> = None;
            for write in 0..WRITES {
                let id = half + usize::from(write % 2 == 1);
                rows[id].fetch_add(1, Ordering::SeqCst);
                let removed = cache.remove(&keys[id]).await;
                let token = removed.token().expect("a server that works");
                all = Some(all.as_ref().map_or(token.clone(), |all| all.and(token)));
            }
            all.expect("it has written")
        }));
    }
    let mut tokens: Vec<Token> = Vec::new();
    for writer in writers {
        tokens.push(writer.await.unwrap());
    }
    stop.store(true, Ordering::SeqCst);
    for reader in readers {
        reader.await.unwrap();
    }
    let last = tokens[0].and(&tokens[1]);
    for cache in &instances {
        caught_up(cache, &last).await;
        for (key, row) in keys.iter().zip(&*rows) {
            let newest = row.load(Ordering::SeqCst);
            assert_eq!(newest, WRITES / 2);
            assert_eq!(read_row(cache, key, row).await, newest, "{key}");
            assert!(held(cache, key).await.is_none_or(|value| value == newest));
        }
    }
}

/// A lease of the time before cannot fill anything after it.
async fn a_flush_ends_the_leases_that_were_held(transport: Transport) {
    let bed = Bed::start(transport);
    let mut config = bed.config();
    quick(&mut config);
    let cache = bed.instance_with("one", config).await;
    let load = SlowLoad::begin(&cache, "product:1", 1).await;
    bed.flush();
    let removed = cache.remove("product:1").await;
    load.finish().await;
    caught_up(&cache, removed.token().unwrap()).await;
    assert_eq!(held(&cache, "product:1").await, None);
}

/// Takes time between seeing the row and returning it, as a real query does.
async fn read_row(cache: &Cache, key: &str, row: &AtomicU64) -> u64 {
    let load = || async {
        let seen = row.load(Ordering::SeqCst);
        for _ in 0..3 {
            tokio::task::yield_now().await;
        }
        Ok::<_, Infallible>(Some(seen))
    };
    *cache.get_or_load(key, load).await.unwrap().unwrap()
}
