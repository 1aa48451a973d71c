//! What the server is asked to do.

use std::collections::BTreeMap;
use std::time::Duration;

use testbed::eventually;
use unstale::{Cache, Entry};

use super::{command, integer, number, plain, set, steady, text, two};
use crate::bed::{Bed, PATIENCE, Source, Transport, on_every_server};

on_every_server!(
    nothing_is_ever_scanned,
    a_ban_costs_the_same_however_many_keys_it_covers,
    a_read_costs_little_and_a_hit_costs_nothing,
);

mod streams_only {
    use super::{Transport, the_log_is_bounded};

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn the_log_is_bounded_by_its_configured_length() {
        the_log_is_bounded(Transport::Streams).await;
    }
}

/// How often each command was executed, also from within scripts.
fn calls(bed: &Bed) -> BTreeMap<String, i64> {
    let info = text(command(bed, &["INFO", "commandstats"]));
    let lines = info
        .lines()
        .filter_map(|line| line.strip_prefix("cmdstat_"));
    let calls = lines.filter_map(|line| {
        let (name, figures) = line.split_once(":calls=")?;
        let calls = figures.split(',').next()?.parse().ok()?;
        Some((name.to_owned(), calls))
    });
    // Ours, to ask for this; newer servers are also told who asks.
    let ours = ["info", "client|setinfo"];
    calls.filter(|(name, _)| !ours.contains(&&**name)).collect()
}

/// What was executed between two counts.
fn between(before: &BTreeMap<String, i64>, after: &BTreeMap<String, i64>) -> BTreeMap<String, i64> {
    let more = after.iter().map(|(name, calls)| {
        let before = before.get(name).copied().unwrap_or_default();
        (name.clone(), calls - before)
    });
    more.filter(|(_, calls)| *calls > 0).collect()
}

/// An instance that does nothing on its own for half a minute.
pub(super) async fn quiet(bed: &Bed) -> Cache {
    let mut config = steady(bed);
    config.max_staleness = Duration::from_secs(120);
    config.stream.poll_interval = Duration::from_secs(60);
    config.stream.ack_timeout = Duration::from_secs(120);
    config.heartbeat.enabled = false;
    bed.instance_with("quiet", config).await
}

/// The commands that `work` costs, once everything that it set off has settled.
pub(super) async fn cost(bed: &Bed, work: impl AsyncFnOnce()) -> BTreeMap<String, i64> {
    let before = settled(bed).await;
    work().await;
    between(&before, &settled(bed).await)
}

async fn settled(bed: &Bed) -> BTreeMap<String, i64> {
    let (mut last, mut same) = (calls(bed), 0);
    eventually("the server is quiet", PATIENCE, || {
        let now = calls(bed);
        same = if now == last { same + 1 } else { 0 };
        last = now;
        let quiet = same >= 8;
        async move { quiet }
    })
    .await;
    last
}

async fn nothing_is_ever_scanned(transport: Transport) {
    let bed = Bed::start(transport);
    let (a, b) = two(&bed).await;
    for round in 0..5_u32 {
        for cache in [&a, &b] {
            set(cache, "a:1", round).await;
            cache
                .set_many(&[("a:2", 1_u32), ("b:1", 2)], plain())
                .await
                .unwrap();
            cache.get_many::<u32>(&["a:1", "a:2", "b:1", "none"]).await;
            let source = Source::ready();
            cache
                .get_or_load("c:1", || source.load(1_u32))
                .await
                .unwrap();
            let tagged = || async { Ok::<_, ()>(Some(Entry::new(1_u32).tag("red"))) };
            cache.get_or_load_entry("c:2", tagged).await.unwrap();
            drop(cache.lookup::<u32>("c:3").await);
            cache.remove("a:1").await;
            cache.remove_batch(["a:1", "a:2"]).await;
            cache.remove_pattern("a:*").await;
            cache.remove_pattern("*:?").await;
            cache.remove_tag("red").await;
            cache.clear().await;
        }
        drop(bed.instance_with("c", steady(&bed)).await);
    }
    let calls = calls(&bed);
    assert!(calls.contains_key("evalsha"), "{calls:?}");
    for scan in [
        "keys",
        "scan",
        "sscan",
        "hscan",
        "zscan",
        "flushdb",
        "flushall",
        "randomkey",
    ] {
        assert!(!calls.contains_key(scan), "{scan}: {calls:?}");
    }
}

async fn a_ban_costs_the_same_however_many_keys_it_covers(transport: Transport) {
    let bed = Bed::start(transport);
    let cache = quiet(&bed).await;
    // The server knows the scripts from here on.
    set(&cache, "few:1", 1).await;
    cache.remove("few:2").await;
    cache.remove_pattern("none:*").await;

    let many: Vec<_> = (0..10_000)
        .map(|number| (format!("many:{number}"), 1_u32))
        .collect();
    for some in many.chunks(1000) {
        let outcome = cache.set_many(some, plain()).await.unwrap();
        assert!(outcome.is_applied());
    }
    let stored = integer(command(&bed, &["DBSIZE"]));
    assert!(stored > 10_000, "{stored}");

    let of_one = cost(&bed, async || {
        assert!(cache.remove("few:1").await.is_applied())
    })
    .await;
    set(&cache, "few:1", 1).await;
    let of_few = cost(&bed, async || {
        assert!(cache.remove_pattern("few:*").await.is_applied());
    })
    .await;
    let of_many = cost(&bed, async || {
        assert!(cache.remove_pattern("many:*").await.is_applied());
    })
    .await;
    assert_eq!(of_few, of_many);
    // One round trip each; the script itself does a few things more than for a key.
    assert_eq!((of_one["evalsha"], of_many["evalsha"]), (1, 1));
    let total = |calls: &BTreeMap<String, i64>| calls.values().sum::<i64>();
    assert!(
        total(&of_many) <= total(&of_one) + 5,
        "{of_one:?} {of_many:?}"
    );
    assert_eq!(
        integer(command(&bed, &["DBSIZE"])),
        stored,
        "nothing is deleted"
    );
    for key in ["many:0", "many:9999", "few:1"] {
        assert_eq!(number(&cache, key).await, None);
    }
}

async fn a_read_costs_little_and_a_hit_costs_nothing(transport: Transport) {
    let bed = Bed::start(transport);
    let cache = quiet(&bed).await;
    let keys: Vec<_> = (0..100).map(|number| format!("key:{number}")).collect();
    let entries: Vec<_> = keys.iter().map(|key| (key, 1_u32)).collect();
    cache.set_many(&entries, plain()).await.unwrap();

    let of_reads = cost(&bed, async || {
        assert!(number(&cache, "key:0").await.is_some());
        let source = Source::ready();
        cache
            .get_or_load("key:1", || source.load(2_u32))
            .await
            .unwrap();
        assert_eq!(source.loads(), 0);
        cache.get_many::<u32>(&keys).await;
    })
    .await;
    // Two commands for each key at most, one of them a claim; nothing that needs a script.
    assert_eq!(of_reads.get("set"), Some(&1), "{of_reads:?}");
    assert_eq!(of_reads.get("evalsha"), None, "{of_reads:?}");
    assert!(of_reads.values().sum::<i64>() <= 200, "{of_reads:?}");

    let of_hits = cost(&bed, async || {
        for key in &keys {
            assert!(number(&cache, key).await.is_some());
        }
        cache.get_many::<u32>(&keys).await;
    })
    .await;
    assert_eq!(of_hits, BTreeMap::new());
}

async fn the_log_is_bounded(transport: Transport) {
    let bed = Bed::start(transport);
    let mut config = steady(&bed);
    config.stream.max_stream_length = 300;
    let cache = bed.instance_with("a", config).await;
    let length = || integer(command(&bed, &["XLEN", "{unstale:0}:cache:invalidations"]));
    for number in 0..1_000 {
        cache.remove(&format!("key:{number}")).await;
        if number % 100 == 99 {
            assert!(length() <= 500, "{}", length());
        }
    }
    for number in 0..500 {
        set(&cache, &format!("key:{number}"), 1).await;
        cache.remove_pattern(&format!("key:{number}:*")).await;
    }
    assert!(length() <= 500, "{}", length());
    assert!(length() >= 300, "{}", length());
}
