//! Bans that arrive late, out of order, or while an instance starts over.

use std::time::Duration;

use testbed::{Direction, eventually};
use unstale::{Config, EntryOptions};

use crate::bed::{
    Bed, PATIENCE, Transport, caught_up, held, l1_answers, on_every_server, patient, quick, read,
    text, until_proven, warm,
};

on_every_server!(
    copies_remember_arrivals_not_positions,
    bans_are_merged_when_the_log_is_taken_up_again,
    an_unproven_instance_asks_the_server_for_its_bans,
    an_unproven_instance_trusts_no_server_that_took_over,
    a_ban_spares_what_is_newer,
);

/// Another instance's earlier ban arrives after one's own later one.
async fn copies_remember_arrivals_not_positions(transport: Transport) {
    let bed = Bed::start(transport);
    let (cache, wires) = bed.wired("one", patient).await;
    let other = bed.instance("other").await;
    warm(&cache, "feed:user:1", 1).await;
    wires.log.stall(Direction::ToClient);
    let earlier = other.remove_pattern("feed:user:*").await;
    assert!(cache.remove_pattern("elsewhere:*").await.is_applied());
    // The copy has now been compared with the later ban.
    assert!(l1_answers(&cache, "feed:user:1").await);
    wires.log.heal().unwrap();
    caught_up(&cache, earlier.token().unwrap()).await;
    assert_eq!(held(&cache, "feed:user:1").await, None);
}

/// An own ban is acknowledged between the server's answer, which lacks it, and its arrival.
async fn bans_are_merged_when_the_log_is_taken_up_again(transport: Transport) {
    let bed = Bed::start(transport);
    let unhurried = |config: &mut Config| {
        config.stream.poll_interval = Duration::from_secs(5);
        config.max_staleness = Duration::from_secs(20);
    };
    let (cache, wires) = bed.wired("one", unhurried).await;
    let other = bed.instance("other").await;
    read(&other, "feed:user:1", 1).await;
    assert_eq!(held(&cache, "feed:user:1").await, Some(1));
    let snapshots = || {
        let stats = bed.server().command(["INFO", "commandstats"]).unwrap();
        let calls = "cmdstat_hgetall:calls=";
        let calls = text(stats)
            .lines()
            .find_map(|line| line.strip_prefix(calls)?.split(',').next()?.parse().ok());
        calls.unwrap_or(0_u64)
    };
    let before = snapshots();
    let resyncs = cache.invalidations().resyncs;

    // Every answer is late, so the one with the bans can be caught on its way.
    wires.log.delay(Direction::ToClient, Duration::from_secs(1));
    let seq = ["HINCRBY", "{unstale:0}:meta", "seq", "1"];
    bed.server().command(seq).unwrap();
    assert!(other.remove("elsewhere").await.is_applied());
    eventually("the bans were asked for", PATIENCE, || async {
        // The other instance misses that position too.
        snapshots() >= before + 2
    })
    .await;
    wires.log.stall(Direction::ToClient);
    let banned = cache.remove_pattern("feed:user:*").await;
    assert_eq!(cache.invalidations().resyncs, resyncs);
    wires.log.heal().unwrap();

    caught_up(&cache, banned.token().unwrap()).await;
    assert!(cache.invalidations().resyncs > resyncs);
    until_proven(&cache, true).await;
    assert_eq!(held(&cache, "feed:user:1").await, None);
    assert_eq!(read(&cache, "feed:user:1", 2).await, 2);
}

/// The record is still in L2, and nobody has told this instance that it is banned.
async fn an_unproven_instance_asks_the_server_for_its_bans(transport: Transport) {
    let bed = Bed::start(transport);
    let (cache, wires) = bed.wired("one", quick).await;
    let other = bed.instance("other").await;
    let tagged = EntryOptions::new().tag("sport");
    other.set("article:1", &1_u64, tagged).await.unwrap();
    for key in ["feed:user:1", "a1c", "product:1"] {
        other.set(key, &1_u64, EntryOptions::new()).await.unwrap();
    }
    wires.log.stall(Direction::Both);
    until_proven(&cache, false).await;
    assert!(other.remove_pattern("feed:user:*").await.is_applied());
    assert!(other.remove_pattern("a?c").await.is_applied());
    assert!(other.remove_tag("sport").await.is_applied());
    for key in ["feed:user:1", "a1c", "article:1"] {
        assert_eq!(held(&cache, key).await, None, "{key}");
        assert_eq!(cache.get_many::<u64>(&[key]).await, [None], "{key}");
        assert_eq!(read(&cache, key, 2).await, 2, "{key}");
    }
    // L2 is not given up for what no ban forbids.
    assert_eq!(held(&cache, "product:1").await, Some(1));
    assert_eq!(read(&cache, "product:1", 2).await, 1);
    wires.log.heal().unwrap();
    until_proven(&cache, true).await;
}

/// A replica that took over has its primary's `meta`, and may lack its newest bans and removals.
/// Where the connection survived, behind a proxy, nobody has fenced it.
async fn an_unproven_instance_trusts_no_server_that_took_over(transport: Transport) {
    let bed = Bed::start(transport);
    let (cache, wires) = bed.wired("one", quick).await;
    let set = cache.set("product:1", &1_u64, EntryOptions::new()).await;
    assert!(set.unwrap().is_applied());
    wires.log.stall(Direction::Both);
    until_proven(&cache, false).await;
    assert_eq!(held(&cache, "product:1").await, Some(1));
    let promoted = ["HSET", "{unstale:0}:meta", "owner", "the old primary"];
    bed.server().command(promoted).unwrap();
    assert_eq!(held(&cache, "product:1").await, None);
    assert_eq!(read(&cache, "product:1", 2).await, 2);
    wires.log.heal().unwrap();
    until_proven(&cache, true).await;
}

async fn a_ban_spares_what_is_newer(transport: Transport) {
    let bed = Bed::start(transport);
    let here = bed.instance("here").await;
    let there = bed.instance("there").await;
    warm(&there, "feed:user:1", 1).await;
    let banned = here.remove_pattern("feed:user:*").await;
    caught_up(&there, banned.token().unwrap()).await;
    warm(&there, "feed:user:1", 2).await;
    assert_eq!(held(&here, "feed:user:1").await, Some(2));
    assert!(here.remove_pattern("feed:group:*").await.is_applied());
    assert_eq!(held(&here, "feed:user:1").await, Some(2));
    assert!(l1_answers(&there, "feed:user:1").await);
}
