//! Removing by pattern, without a scan.

use std::time::Duration;

use testbed::Server;
use unstale::{Entry, EntryOptions};

use crate::bed::{Bed, Transport, caught_up, held, on_every_server, text, warm};

on_every_server!(
    a_pattern_is_one_round_trip_and_no_scan,
    a_post_to_a_thousand_feeds_is_one_round_trip,
    bans_that_are_too_many_are_folded,
    a_longer_life_is_announced_before_the_first_such_value
);

async fn a_pattern_is_one_round_trip_and_no_scan(transport: Transport) {
    let bed = Bed::start(transport);
    let here = bed.instance("here").await;
    let there = bed.instance("there").await;
    let rows: Vec<_> = (0..300).map(|id| (format!("feed:user:{id}"), id)).collect();
    here.set_many(&rows, EntryOptions::new()).await.unwrap();
    here.set("product:1", &1_u64, EntryOptions::new())
        .await
        .unwrap();
    warm(&there, "feed:user:7", 7).await;

    bed.server().command(["CONFIG", "RESETSTAT"]).unwrap();
    let sent = here.invalidations().sent_batches;
    let banned = here.remove_pattern("feed:user:*").await;
    assert_eq!(here.invalidations().sent_batches, sent + 1);
    for command in ["scan", "keys", "del", "unlink"] {
        assert_eq!(calls(bed.server(), command), 0, "{command}");
    }

    caught_up(&there, banned.token().unwrap()).await;
    for cache in [&here, &there] {
        for (key, _) in &rows {
            assert_eq!(held(cache, key).await, None, "{key}");
        }
        assert_eq!(held(cache, "product:1").await, Some(1));
    }
}

async fn a_post_to_a_thousand_feeds_is_one_round_trip(transport: Transport) {
    let bed = Bed::start(transport);
    let here = bed.instance("here").await;
    let there = bed.instance("there").await;
    let rows: Vec<_> = (0..1_001)
        .map(|id| (format!("feed:{id}:page:1"), id))
        .collect();
    here.set_many(&rows, EntryOptions::new()).await.unwrap();
    warm(&there, "feed:7:page:1", 7).await;

    let sent = here.invalidations().sent_batches;
    let feeds = (0..1_000).map(|id| format!("feed:{id}:*"));
    let banned = here.remove_patterns(feeds).await;
    assert_eq!(here.invalidations().sent_batches, sent + 1);

    caught_up(&there, banned.token().unwrap()).await;
    let late = bed.instance("late").await;
    for cache in [&here, &there, &late] {
        for (key, id) in &rows {
            let left = (*id == 1_000).then_some(1_000);
            assert_eq!(held(cache, key).await, left, "{key}");
        }
    }
    let none = here.remove_patterns(Vec::<String>::new()).await;
    assert!(none.is_applied());
}

/// However many bans there are, `meta` stays small, and none is forgotten.
async fn bans_that_are_too_many_are_folded(transport: Transport) {
    const LIMIT: usize = 5;
    let bed = Bed::start(transport);
    let mut config = bed.config();
    config.max_bans = LIMIT;
    let here = bed.instance_with("here", config.clone()).await;
    for id in 0..20_u64 {
        let key = format!("feed:{id}:page");
        here.set(&key, &id, EntryOptions::new()).await.unwrap();
    }
    for id in 0..20 {
        assert!(
            here.remove_pattern(&format!("feed:{id}:*"))
                .await
                .is_applied()
        );
    }
    let fields = text(bed.server().command(["HLEN", "{unstale:0}:meta"]).unwrap());
    // Beside the bans: epoch, nonce, owner, seq, last, ttl and time.
    assert!(fields.parse::<usize>().unwrap() <= LIMIT + 7, "{fields}");
    let late = bed.instance_with("late", config).await;
    for cache in [&here, &late] {
        for id in 0..20 {
            assert_eq!(held(cache, &format!("feed:{id}:page")).await, None);
        }
    }
}

/// Bans are kept for as long as anything that they forbid may live.
async fn a_longer_life_is_announced_before_the_first_such_value(transport: Transport) {
    let bed = Bed::start(transport);
    let cache = bed.instance("one").await;
    assert!(cache.remove_pattern("feed:user:*").await.is_applied());
    let kept_until = || {
        let ban = ["HGET", "{unstale:0}:meta", "b:p:feed:user:*"];
        let ban = text(bed.server().command(ban).unwrap());
        ban.split(' ').nth(1).unwrap().parse::<u64>().unwrap()
    };
    let longest = || {
        let ttl = ["HGET", "{unstale:0}:meta", "ttl"];
        text(bed.server().command(ttl).unwrap())
            .parse::<u64>()
            .unwrap()
    };
    let (before, until) = (longest(), kept_until());
    let hour = Duration::from_secs(3600);
    let load = || async {
        let entry = Entry::new(1_u64).absolute_expiration(hour);
        Ok::<_, std::convert::Infallible>(Some(entry))
    };
    cache.get_or_load_entry("product:1", load).await.unwrap();
    assert_eq!(longest(), 3_600_000);
    assert_eq!(kept_until() - until, 3_600_000 - before);
    let options = EntryOptions::new().absolute_expiration(2 * hour);
    cache.set("product:2", &1_u64, options).await.unwrap();
    assert_eq!(longest(), 7_200_000);
}

/// How often the server was asked to carry out a command.
fn calls(server: &Server, command: &str) -> u64 {
    let stats = text(server.command(["INFO", "commandstats"]).unwrap());
    let start = format!("cmdstat_{command}:calls=");
    let line = stats.lines().find_map(|line| line.strip_prefix(&start));
    line.and_then(|rest| rest.split(',').next())
        .map_or(0, |calls| calls.parse().unwrap())
}
