//! The server gone for half a minute, under load that does not stop for it: no read or write
//! fails, no read is staler than the contract allows, and all is well again afterwards.

mod load;

use std::time::Duration;

use testbed::eventually;
use tokio::time::Instant;

use crate::bed::{
    Bed, PATIENCE, Transport, l1_hits, on_every_server, quick, read, until_proven, until_sent, warm,
};
use load::{KEYS, Load, key};

/// The fault itself is this long; nothing is waited for by it.
const OUTAGE: Duration = Duration::from_secs(30);
const MAX_STALENESS: Duration = Duration::from_millis(400);

on_every_server!(half_a_minute_under_load);

async fn half_a_minute_under_load(transport: Transport) {
    let bed = Bed::start(transport);
    let mut config = bed.config();
    quick(&mut config);
    config.max_staleness = MAX_STALENESS;
    let one = bed.instance_with("one", config.clone()).await;
    let two = bed.instance_with("two", config).await;
    let both = [&one, &two];
    let load = Load::start(&one, &two, MAX_STALENESS);
    let hits_again = async || {
        let before = both.map(l1_hits);
        eventually("L1 answers on both", PATIENCE, || async {
            let hits = both.map(l1_hits);
            let more = hits[0] > before[0] + 50 && hits[1] > before[1] + 50;
            more.then_some(()).ok_or(hits)
        })
        .await;
    };
    hits_again().await;

    bed.server().kill().unwrap();
    load.server_is_gone();
    let gone = Instant::now();
    let end_of_outage = OUTAGE + PATIENCE;
    eventually("the outage was over", end_of_outage, || async {
        gone.elapsed() >= OUTAGE
    })
    .await;
    assert_eq!(one.invalidations().pending, KEYS as u64);
    for cache in both {
        assert!(!cache.health().proven);
        assert_ne!(cache.health().breaker, "closed");
    }
    load.server_comes_back();
    bed.server().restart().unwrap();

    // Under load there is always something on its way, but not always something left over.
    eventually("the removals were delivered", PATIENCE, || async {
        let delivered = load.removed();
        let pending = one.invalidations().pending;
        if pending == 0 {
            load.acknowledge(&delivered);
        }
        (pending == 0).then_some(()).ok_or(pending)
    })
    .await;
    for cache in both {
        until_proven(cache, true).await;
        eventually("the breaker closed", PATIENCE, || async {
            let breaker = cache.health().breaker;
            (breaker == "closed").then_some(()).ok_or(breaker)
        })
        .await;
    }
    hits_again().await;
    let tally = load.end().await;
    tally.assert_sound();

    until_sent(&one).await;
    for cache in both {
        for id in 0..KEYS {
            let newest = tally.newest(id);
            eventually("the newest version is read", PATIENCE, || async {
                let version = read(cache, &key(id), newest).await;
                (version == newest).then_some(()).ok_or(version)
            })
            .await;
            warm(cache, &key(id), newest).await;
        }
    }
}
