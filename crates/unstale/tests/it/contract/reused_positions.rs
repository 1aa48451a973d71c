//! F4: a server goes back in place, and others write before those who know more speak to it. The
//! positions that it gives a second time are found out all the same.

use std::time::Duration;

use testbed::eventually;
use unstale::{Cache, Config};

use crate::bed::{
    Bed, PATIENCE, Transport, Wires, caught_up, held, numbers, on_every_server, patient, position,
    quick, until_proven, warm,
};

const META: &str = "{unstale:0}:meta";
const LOG: &str = "{unstale:0}:cache:invalidations";
const KEPT_META: &str = "{unstale:0}:kept:meta";
const KEPT_LOG: &str = "{unstale:0}:kept:log";

/// What the server loses.
const LOST: u64 = 3;

on_every_server!(
    the_next_entry_gives_it_away,
    an_append_finds_as_many_others,
    whoever_was_cut_off_finds_out_when_it_comes_back,
    a_read_finds_out_where_the_log_cannot_be_read,
    an_append_finds_out_where_the_log_cannot_be_read,
);

/// Nobody probes: what the log brings does not follow on what was applied.
async fn the_next_entry_gives_it_away(transport: Transport) {
    let bed = Bed::start(transport);
    let cache = patient_one(&bed).await;
    let epoch = loses(&bed, &cache).await;
    go_back(&bed);
    others_remove(&bed, LOST + 1).await;
    is_found_out(&cache, epoch).await;
}

/// Nobody probes, and as many come as were lost: an append compares what stands there.
async fn an_append_finds_as_many_others(transport: Transport) {
    let bed = Bed::start(transport);
    let cache = patient_one(&bed).await;
    let epoch = loses(&bed, &cache).await;
    go_back(&bed);
    others_remove(&bed, LOST).await;
    let removed = cache.remove("elsewhere").await;
    assert!(numbers(removed.token().expect("a server that works")).0 > epoch);
    is_found_out(&cache, epoch).await;
}

/// The fence looks up what it knows.
async fn whoever_was_cut_off_finds_out_when_it_comes_back(transport: Transport) {
    for others in [LOST, LOST + 4] {
        let bed = Bed::start(transport);
        let (cache, proxy) = bed.proxied("one", quick).await;
        let epoch = loses(&bed, &cache).await;
        proxy.cut();
        go_back(&bed);
        others_remove(&bed, others).await;
        proxy.heal().unwrap();
        is_found_out(&cache, epoch).await;
    }
}

/// L2 is read with the server's bans then, and they would be those of before.
async fn a_read_finds_out_where_the_log_cannot_be_read(transport: Transport) {
    let bed = Bed::start(transport);
    let (cache, epoch, _wires) = cut_off_from_the_log(&bed).await;
    assert_eq!(held(&cache, "product:1").await, None);
    assert!(position(&cache).0 > epoch);
}

async fn an_append_finds_out_where_the_log_cannot_be_read(transport: Transport) {
    let bed = Bed::start(transport);
    let (cache, epoch, _wires) = cut_off_from_the_log(&bed).await;
    let removed = cache.remove("elsewhere").await;
    assert!(numbers(removed.token().expect("a server that works")).0 > epoch);
    assert_eq!(held(&cache, "product:1").await, None);
}

/// The server goes back, and further than before, while an instance cannot read its log and reaches it
/// all the same. Returns its epoch.
async fn cut_off_from_the_log(bed: &Bed) -> (Cache, u64, Wires) {
    let soon_unproven = |config: &mut Config| {
        config.stream.poll_interval = Duration::from_millis(100);
        config.max_staleness = Duration::from_millis(400);
    };
    let (cache, wires) = bed.wired("one", soon_unproven).await;
    let epoch = loses(bed, &cache).await;
    wires.log.cut();
    until_proven(&cache, false).await;
    go_back(bed);
    others_remove(bed, LOST + 4).await;
    (cache, epoch, wires)
}

/// An instance that does not probe for a while.
async fn patient_one(bed: &Bed) -> Cache {
    let mut config = bed.config();
    patient(&mut config);
    bed.instance_with("one", config).await
}

/// The instance removes what the server will forget, and nobody else hears of it. Returns its
/// epoch.
async fn loses(bed: &Bed, cache: &Cache) -> u64 {
    warm(cache, "product:1", 1).await;
    for (key, kept) in [(META, KEPT_META), (LOG, KEPT_LOG)] {
        bed.server().command(["COPY", key, kept]).unwrap();
    }
    for _ in 0..LOST {
        let removed = cache.remove("other").await;
        caught_up(cache, removed.token().unwrap()).await;
    }
    position(cache).0
}

/// The server is what it was, in one step.
fn go_back(bed: &Bed) {
    let script = "redis.call('RENAME', KEYS[1], KEYS[2]) redis.call('RENAME', KEYS[3], KEYS[4])";
    let words = ["EVAL", script, "4", KEPT_META, META, KEPT_LOG, LOG];
    bed.server().command(words).unwrap();
}

/// By somebody who knows nothing of what was lost. Whoever is found out meanwhile has nothing applied.
async fn others_remove(bed: &Bed, times: u64) {
    let others = bed.instance("others").await;
    for _ in 0..times {
        let _ = others.remove("elsewhere").await;
    }
}

async fn is_found_out(cache: &Cache, broken: u64) {
    eventually("a new epoch began", PATIENCE, || async {
        position(cache).0 > broken
    })
    .await;
    assert_eq!(held(cache, "product:1").await, None);
    until_proven(cache, true).await;
    warm(cache, "product:1", 2).await;
}
