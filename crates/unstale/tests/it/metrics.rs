//! What is counted and reported.

use std::time::Duration;

use unstale::{Cache, Config, Effectiveness, Lookup, PatternStats, Policy};

use crate::bed::{Bed, Source, Transport, on_every_transport};
use crate::l1_l2::{caught_up, number, set, two};

mod events;
mod removals;
mod report;
mod state;

on_every_transport!(a_script_is_counted_exactly);

async fn alone(change: impl FnOnce(&mut Config)) -> Cache {
    let mut config = Config::default();
    change(&mut config);
    let cache = Cache::builder().config(config).build().await;
    cache.expect("a cache")
}

fn names(effectiveness: &Effectiveness) -> Vec<&str> {
    let patterns = effectiveness.patterns.iter();
    patterns.map(|stats| &*stats.pattern).collect()
}

/// The figures of a cache that counted under one label only.
fn only(cache: &Cache, label: &str) -> PatternStats {
    let effectiveness = cache.effectiveness();
    assert_eq!(names(&effectiveness), [label]);
    effectiveness.patterns[0].clone()
}

#[derive(Debug, Default, PartialEq)]
struct Counts {
    l1_hits: u64,
    l2_hits: u64,
    misses: u64,
    joined: u64,
    loads: u64,
    fills: u64,
    refused_fills: u64,
    removals: u64,
}

impl From<PatternStats> for Counts {
    fn from(stats: PatternStats) -> Self {
        Self {
            l1_hits: stats.l1_hits,
            l2_hits: stats.l2_hits,
            misses: stats.misses,
            joined: stats.joined,
            loads: stats.loads,
            fills: stats.fills,
            refused_fills: stats.refused_fills,
            removals: stats.removals,
        }
    }
}

async fn a_script_is_counted_exactly(transport: Transport) {
    let bed = Bed::start(transport);
    let (a, b) = two(&bed).await;
    let mut expected = Counts::default();
    let counted = |expected: &Counts, step: &str| {
        assert_eq!(Counts::from(only(&a, "item:*")), *expected, "{step}");
    };

    assert_eq!(number(&a, "item:1").await, None);
    expected.misses += 1;
    counted(&expected, "a get that finds nothing");

    let source = Source::ready();
    a.get_or_load("item:1", || source.load(1_u32))
        .await
        .unwrap();
    expected.misses += 1;
    expected.loads += 1;
    expected.fills += 1;
    counted(&expected, "a load");

    for _ in 0..3 {
        assert_eq!(number(&a, "item:1").await, Some(1));
    }
    expected.l1_hits += 3;
    counted(&expected, "hits in L1");

    a.get_many::<u32>(&["item:1", "item:2", "item:1"]).await;
    expected.l1_hits += 2;
    expected.misses += 1;
    counted(&expected, "several at once");

    let Lookup::Miss(lease) = a.lookup::<u32>("item:2").await else {
        panic!("nothing was stored")
    };
    lease.fill(2).await;
    expected.misses += 1;
    expected.loads += 1;
    expected.fills += 1;
    counted(&expected, "a lease that is filled");

    let removing = async || {
        assert!(a.remove("item:3").await.is_applied());
        source.load(3_u32).await
    };
    a.get_or_load("item:3", removing).await.unwrap();
    expected.misses += 1;
    expected.loads += 1;
    expected.refused_fills += 1;
    expected.removals += 1;
    counted(&expected, "a load that was overtaken");

    let nothing = || async { Ok::<Option<u32>, ()>(None) };
    a.get_or_load("item:4", nothing).await.unwrap();
    let failing = || async { Err::<Option<u32>, _>(()) };
    a.get_or_load("item:4", failing).await.unwrap_err();
    expected.misses += 2;
    expected.loads += 2;
    counted(&expected, "loads that bring no value");

    set(&a, "item:5", 5).await;
    counted(&expected, "a set is no read");
    assert_eq!(number(&a, "item:5").await, Some(5));
    assert_eq!(number(&a, "item:5").await, Some(5));
    expected.l2_hits += 1;
    expected.l1_hits += 1;
    counted(&expected, "a hit in L2, then in L1");

    let removal = a.remove_batch(["item:1", "item:9"]).await;
    expected.removals += 2;
    counted(&expected, "keys removed");

    let stats = only(&a, "item:*");
    assert_eq!((stats.hits(), stats.requests()), (7, 14));
    assert!((stats.hit_rate() - 0.5).abs() < 1e-9);
    assert!(stats.average_latency > Duration::ZERO);
    assert!(stats.p50 <= stats.p95 && stats.p95 <= stats.p99);

    caught_up(&b, &removal).await;
    for key in ["item:1", "item:2", "item:2", "item:5"] {
        number(&b, key).await;
    }
    let expected = Counts {
        l1_hits: 1,
        l2_hits: 2,
        misses: 1,
        ..Counts::default()
    };
    assert_eq!(Counts::from(only(&b, "item:*")), expected);
}

/// On one thread, so that all are known to have joined before the load ends.
#[tokio::test]
async fn those_who_join_a_load_are_misses_too() {
    let cache = alone(|_| ()).await;
    let source = Source::held();
    let reader = || {
        let (cache, source) = (cache.clone(), source.clone());
        tokio::spawn(async move { cache.get_or_load("item:1", || source.load(1_u32)).await })
    };
    let readers: Vec<_> = (0..8).map(|_| reader()).collect();
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    source.release();
    for reader in readers {
        assert!(reader.await.unwrap().unwrap().is_some());
    }
    let expected = Counts {
        misses: 8,
        joined: 7,
        loads: 1,
        fills: 1,
        ..Counts::default()
    };
    assert_eq!(Counts::from(only(&cache, "item:*")), expected);
}

/// Each thread counts for itself, and nothing is lost.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn hits_on_many_threads_are_all_counted() {
    let cache = alone(|_| ()).await;
    set(&cache, "item:1", 1).await;
    let readers = (0..16).map(|_| {
        let cache = cache.clone();
        tokio::spawn(async move {
            for _ in 0..1_000 {
                assert_eq!(number(&cache, "item:1").await, Some(1));
                tokio::task::yield_now().await;
            }
        })
    });
    for reader in readers.collect::<Vec<_>>() {
        reader.await.unwrap();
    }
    assert_eq!(only(&cache, "item:*").l1_hits, 16_000);
}

#[tokio::test]
async fn keys_are_counted_under_their_policy_their_space_or_their_own_pattern() {
    let cache = alone(|config| {
        config
            .policies
            .insert("stock:*", Policy::new().label("stocks"));
        config.policies.insert("feed:user:*", Policy::new().size(2));
    })
    .await;
    number(&cache, "stock:price:MSFT").await;
    number(&cache, "feed:user:7:page:2").await;
    number(&cache, "document:7").await;
    number(&cache, "document:8").await;
    let users = cache.space::<u32>("document:*:active-users");
    users.get(7).await;
    users.remove(8).await;
    let labelled = cache.space::<u32>("inventory:stock");
    let labelled = labelled.with_policy(Policy::new().label("inventory"));
    labelled.get(7).await;
    let effectiveness = cache.effectiveness();
    let expected = [
        "document:*",
        "document:*:active-users",
        "feed:user:*",
        "inventory",
        "stocks",
    ];
    assert_eq!(names(&effectiveness), expected);
    assert_eq!(effectiveness.patterns[0].misses, 2);
    assert_eq!(effectiveness.patterns[1].removals, 1);
}

#[tokio::test]
async fn an_instance_counts_for_itself_and_its_clones() {
    let (a, b) = (alone(|_| ()).await, alone(|_| ()).await);
    number(&a, "item:1").await;
    number(&a.clone(), "item:1").await;
    assert_eq!(only(&a, "item:*").misses, 2);
    assert!(b.effectiveness().patterns.is_empty());
}
