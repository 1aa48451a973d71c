//! The inspector: it finds the write that forgot to invalidate, and reports no other.

use std::collections::{BTreeMap, HashMap};
use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use testbed::eventually;
use tokio::sync::Semaphore;
use unstale::{Cache, Config, PatternStats, Space};

use crate::bed::{Bed, PATIENCE, Transport, on_every_transport};
use crate::l1_l2::caught_up;
use crate::logs::Log;

on_every_transport!(
    a_forgotten_invalidation_is_found,
    what_is_removed_within_the_grace_is_not_reported,
    what_is_removed_during_the_load_is_not_reported,
    a_new_epoch_is_not_reported,
);

/// Everything is inspected, and a verdict comes soon.
fn watchful(config: &mut Config) {
    config.inspect.sample_rate = 1.0;
    config.inspect.max_loads_per_second = 10_000;
    config.inspect.grace = Duration::from_millis(50);
    config.stream.poll_interval = Duration::from_millis(100);
}

/// One price in a database, asked by the inspector for as long as there are permits.
#[derive(Clone)]
struct Database {
    price: Arc<AtomicU32>,
    /// How often the inspector has asked.
    asked: Arc<AtomicUsize>,
    permits: Arc<Semaphore>,
}

impl Database {
    fn with(price: u32) -> Self {
        Self {
            price: Arc::new(AtomicU32::new(price)),
            asked: Arc::default(),
            permits: Arc::new(Semaphore::new(Semaphore::MAX_PERMITS)),
        }
    }

    /// It does not answer until it is released.
    fn held(price: u32) -> Self {
        Self {
            permits: Arc::new(Semaphore::new(0)),
            ..Self::with(price)
        }
    }

    fn release(&self) {
        self.permits.add_permits(1_000);
    }

    fn write(&self, price: u32) {
        self.price.store(price, Ordering::SeqCst);
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }

    fn prices(&self, cache: &Cache) -> Space<u32> {
        let database = self.clone();
        cache
            .space::<u32>("stock:price")
            .inspect_with(move |symbol: String| {
                assert_eq!(symbol, "MSFT");
                let database = database.clone();
                async move {
                    database.asked.fetch_add(1, Ordering::SeqCst);
                    let price = database.price.load(Ordering::SeqCst);
                    let permit = database.permits.acquire().await;
                    permit.expect("it is not closed").forget();
                    Ok::<_, Infallible>(Some(price))
                }
            })
    }

    async fn read(&self, prices: &Space<u32>) -> u32 {
        let load = || async { Ok::<_, Infallible>(Some(self.price.load(Ordering::SeqCst))) };
        *prices.get_or_load("MSFT", load).await.unwrap().unwrap()
    }

    /// Reads until the inspector has asked.
    async fn until_asked(&self, prices: &Space<u32>) {
        eventually("the source is asked", PATIENCE, || async {
            self.read(prices).await;
            self.asked() > 0
        })
        .await;
    }

    /// Reads until that is counted.
    async fn until_counted(
        &self,
        prices: &Space<u32>,
        cache: &Cache,
        what: impl Fn(&PatternStats) -> bool,
    ) -> PatternStats {
        eventually("it is counted", PATIENCE, || async {
            self.read(prices).await;
            let stats = counted(cache);
            if what(&stats) { Ok(stats) } else { Err(stats) }
        })
        .await
    }
}

fn counted(cache: &Cache) -> PatternStats {
    let patterns = cache.effectiveness().patterns.into_iter();
    let mut ours = patterns.filter(|stats| stats.pattern == "stock:price:*");
    ours.next().unwrap_or_default()
}

async fn until_counted(cache: &Cache, what: impl Fn(&PatternStats) -> bool) -> PatternStats {
    eventually("it is counted", PATIENCE, || async {
        let stats = counted(cache);
        if what(&stats) { Ok(stats) } else { Err(stats) }
    })
    .await
}

async fn instance(bed: &Bed, name: &str) -> Cache {
    let mut config = bed.config();
    watchful(&mut config);
    bed.instance_with(name, config).await
}

async fn a_forgotten_invalidation_is_found(transport: Transport) {
    let bed = Bed::start(transport);
    let cache = instance(&bed, "one").await;
    let database = Database::with(1);
    let prices = database.prices(&cache);
    let compared = |stats: &PatternStats| stats.inspected > 2;
    let stats = database.until_counted(&prices, &cache, compared).await;
    assert_eq!(stats.differences, 0, "{stats:?}");

    database.write(2);
    assert_eq!(database.read(&prices).await, 1);
    let found = |stats: &PatternStats| stats.differences > 0;
    database.until_counted(&prices, &cache, found).await;

    prices.remove("MSFT").await;
    assert_eq!(database.read(&prices).await, 2);
    let before = counted(&cache);
    let compared = |stats: &PatternStats| stats.inspected > before.inspected + 50;
    let stats = database.until_counted(&prices, &cache, compared).await;
    assert_eq!(stats.differences, before.differences, "{stats:?}");
}

/// The removal is called after the source was found to be different, on another instance.
async fn what_is_removed_within_the_grace_is_not_reported(transport: Transport) {
    let bed = Bed::start(transport);
    let mut config = bed.config();
    watchful(&mut config);
    config.inspect.grace = Duration::from_secs(1);
    let cache = bed.instance_with("one", config).await;
    let writer = bed.instance("two").await;
    let database = Database::with(1);
    until_inspected(&cache, &database, async || {
        let removal = writer.remove("stock:price:MSFT").await;
        caught_up(&cache, &removal).await;
    })
    .await;
}

/// Has a copy differ from the source and, when that was asked, something happen that explains it, until
/// that was inspected. What happens may overtake the comparison, which then has no copy to compare.
async fn until_inspected(cache: &Cache, database: &Database, explain: impl AsyncFn()) {
    let prices = database.prices(cache);
    eventually("a copy is inspected", PATIENCE, || async {
        let current = database.read(&prices).await;
        let asked = database.asked();
        database.write(current + 1);
        if database.read(&prices).await != current {
            return false;
        }
        eventually("the source is asked", PATIENCE, || async {
            database.read(&prices).await;
            database.asked() > asked
        })
        .await;
        explain().await;
        let judged = |stats: &PatternStats| stats.inspected + stats.skipped_inspections;
        let stats = until_counted(cache, |stats| judged(stats) == stats.l1_hits).await;
        assert_eq!(stats.differences, 0, "{stats:?}");
        stats.inspected > 0
    })
    .await;
}

/// A ban drops no copy and reads no source, and a removal may come and go while the load runs.
async fn what_is_removed_during_the_load_is_not_reported(transport: Transport) {
    let bed = Bed::start(transport);
    let cache = instance(&bed, "one").await;
    for by_pattern in [false, true] {
        let before = counted(&cache);
        let database = Database::held(2);
        let prices = database.prices(&cache);
        let old = || async { Ok::<_, Infallible>(Some(1)) };
        prices.remove("MSFT").await;
        prices.get_or_load("MSFT", old).await.unwrap();
        assert_eq!(database.read(&prices).await, 1);
        database.until_asked(&prices).await;
        if by_pattern {
            cache.remove_pattern("stock:*").await;
        } else {
            prices.remove("MSFT").await;
        }
        database.release();
        let judged = |stats: &PatternStats| stats.inspected + stats.skipped_inspections;
        let stats = until_counted(&cache, |stats| judged(stats) > judged(&before)).await;
        assert_eq!(stats.differences, 0, "{stats:?}");
    }
}

async fn a_new_epoch_is_not_reported(transport: Transport) {
    let bed = Bed::start(transport);
    let mut config = bed.config();
    watchful(&mut config);
    config.inspect.grace = Duration::from_secs(1);
    let cache = bed.instance_with("one", config).await;
    until_inspected(&cache, &Database::with(1), async || {
        let before = cache.invalidations().resyncs;
        bed.flush();
        eventually("the new epoch is noticed", PATIENCE, || async {
            cache.invalidations().resyncs > before
        })
        .await;
    })
    .await;
}

async fn alone(change: impl FnOnce(&mut Config)) -> Cache {
    let mut config = Config::default();
    watchful(&mut config);
    change(&mut config);
    Cache::from_config(config).await.unwrap()
}

/// On a runtime of one thread, so that everything is logged on the thread that listens.
#[tokio::test]
async fn it_is_logged_with_its_key() {
    let log = Log::default();
    let _listening = log.begin();
    let cache = alone(|config| config.stream.consumer_name = "one".into()).await;
    let database = Database::with(1);
    let prices = database.prices(&cache);
    database.read(&prices).await;
    database.write(2);
    assert_eq!(prices.get("MSFT").await.as_deref(), Some(&1));
    until_counted(&cache, |stats| stats.differences > 0).await;
    let lines = log.lines("a copy differs from the source", "one");
    let line = lines.first().expect("a line");
    assert!(
        line.contains("WARN") && line.contains("key=stock:price:MSFT"),
        "{line}"
    );
    assert!(line.contains("pattern=\"stock:price:*\""), "{line}");
}

#[tokio::test]
async fn what_the_source_no_longer_has_is_a_difference() {
    let cache = alone(|_| ()).await;
    let prices = cache
        .space::<u32>("stock:price")
        .inspect_with(|_: String| async { Ok::<Option<u32>, Infallible>(None) });
    let load = || async { Ok::<_, Infallible>(Some(1)) };
    prices.get_or_load("MSFT", load).await.unwrap();
    prices.get("MSFT").await;
    until_counted(&cache, |stats| stats.differences == 1).await;
}

#[tokio::test]
async fn it_is_off_by_default() {
    let cache = alone(|config| config.inspect = Config::default().inspect).await;
    let database = Database::with(1);
    let prices = database.prices(&cache);
    database.read(&prices).await;
    database.write(2);
    for _ in 0..10_000 {
        assert_eq!(database.read(&prices).await, 1);
    }
    tokio::task::yield_now().await;
    let stats = counted(&cache);
    let inspected = (
        stats.inspected,
        stats.differences,
        stats.skipped_inspections,
    );
    assert_eq!((database.asked(), inspected), (0, (0, 0, 0)));
}

/// Every hit is to be inspected, for a second and more.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_source_is_not_asked_more_often_than_it_may_be() {
    let cache = alone(|config| config.inspect.max_loads_per_second = 20).await;
    let database = Database::with(1);
    let prices = database.prices(&cache);
    database.read(&prices).await;
    let began = Instant::now();
    while database.asked() < 25 {
        database.read(&prices).await;
        tokio::task::yield_now().await;
    }
    let most = 20.0 * began.elapsed().as_secs_f64() + 1.0;
    let asked = database.asked();
    assert!(asked as f64 <= most, "{asked} in {:?}", began.elapsed());
    assert!(counted(&cache).skipped_inspections > 0);
}

#[tokio::test]
async fn the_sample_is_the_share_that_was_asked_for() {
    let cache = alone(|config| config.inspect.sample_rate = 0.01).await;
    let database = Database::held(1);
    let prices = database.prices(&cache);
    database.read(&prices).await;
    for _ in 0..20_000 {
        database.read(&prices).await;
    }
    database.release();
    let sampled = |stats: &PatternStats| stats.inspected + stats.skipped_inspections;
    let stats = until_counted(&cache, |stats| sampled(stats) >= 190).await;
    assert!(sampled(&stats) <= 210, "{stats:?}");
}

/// Nobody can say how a hash map is encoded.
#[tokio::test]
async fn what_is_encoded_in_no_order_is_not_compared() {
    let log = Log::default();
    let _listening = log.begin();
    let cache = alone(|config| config.stream.consumer_name = "one".into()).await;
    let entries = || (0..20_u32).map(|number| (number, number));
    let hashed = cache
        .space::<HashMap<u32, u32>>("hashed")
        .inspect_with(move |_: u32| async move { Ok::<_, Infallible>(Some(entries().collect())) });
    let sorted = cache
        .space::<BTreeMap<u32, u32>>("sorted")
        .inspect_with(move |_: u32| async move { Ok::<_, Infallible>(Some(entries().collect())) });
    let patterns = eventually("both were inspected", PATIENCE, || async {
        let load = || async { Ok::<_, Infallible>(Some(entries().collect())) };
        hashed.get_or_load(1, load).await.unwrap();
        let load = || async { Ok::<_, Infallible>(Some(entries().collect())) };
        sorted.get_or_load(1, load).await.unwrap();
        let patterns = cache.effectiveness().patterns;
        let told = log.lines("cannot be inspected", "one").len() == 1;
        let compared = patterns[1].inspected > 0;
        if told && compared {
            Ok(patterns)
        } else {
            Err(patterns)
        }
    })
    .await;
    assert_eq!(patterns[0].inspected, 0, "{patterns:?}");
    assert!(
        patterns.iter().all(|one| one.differences == 0),
        "{patterns:?}"
    );
}

/// Every hit is inspected, every copy differs, and its verdict takes longer than the test.
#[tokio::test]
async fn only_so_many_copies_wait_for_their_verdict() {
    const MOST: usize = 64;
    let cache = alone(|config| config.inspect.grace = Duration::from_secs(600)).await;
    let database = Database::with(1);
    let prices = database.prices(&cache);
    database.read(&prices).await;
    database.write(2);
    let copy = prices.get("MSFT").await.unwrap();
    // Nothing else is skipped here: the source answers at once, and the copy lives on.
    eventually("more differ than wait", PATIENCE, || async {
        prices.get("MSFT").await;
        database.asked() > 3 * MOST
    })
    .await;
    let settled = || {
        // One is the test's, one is in L1, and each case has one beside that of its sight.
        let cases = (Arc::strong_count(&copy) - 2) / 2;
        (cases == MOST).then_some(()).ok_or(cases)
    };
    eventually("the others have ended", PATIENCE, || async { settled() }).await;
    let stats = counted(&cache);
    assert_eq!(stats.inspected, 0, "{stats:?}");
    assert!(stats.skipped_inspections >= 2 * MOST as u64, "{stats:?}");
}

/// A value that counts how often any of its kind is encoded or decoded.
#[derive(PartialEq)]
struct Costly(u32);

static STEPS: AtomicUsize = AtomicUsize::new(0);

impl Serialize for Costly {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        STEPS.fetch_add(1, Ordering::SeqCst);
        self.0.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Costly {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        STEPS.fetch_add(1, Ordering::SeqCst);
        u32::deserialize(deserializer).map(Self)
    }
}

/// On a runtime of one thread: whoever is there beside the inspection runs between its steps.
#[tokio::test]
async fn others_run_between_the_steps_of_a_comparison() {
    let cache = alone(|_| ()).await;
    let prices = cache
        .space::<Costly>("costly")
        .inspect_with(|_: String| async { Ok::<_, Infallible>(Some(Costly(2))) });
    let load = || async { Ok::<_, Infallible>(Some(Costly(1))) };
    prices.get_or_load("MSFT", load).await.unwrap();
    let began = STEPS.load(Ordering::SeqCst);
    prices.get("MSFT").await;
    let mut seen = began;
    let mut most = 0;
    while cache.effectiveness().patterns[0].differences == 0 {
        tokio::task::yield_now().await;
        let now = STEPS.load(Ordering::SeqCst);
        most = most.max(now - seen);
        seen = now;
    }
    assert!(seen - began > 10, "{}", seen - began);
    assert_eq!(most, 1);
}

/// An inspection waits for its load, and nobody waits for the inspection.
#[tokio::test]
async fn a_cache_that_is_dropped_is_gone_while_it_is_inspected() {
    let cache = alone(|_| ()).await;
    let database = Database::held(1);
    let prices = database.prices(&cache);
    database.read(&prices).await;
    database.read(&prices).await;
    database.until_asked(&prices).await;
    cache.close().await;
    drop((prices, cache));
    database.release();
    eventually("the inspection ends", PATIENCE, || async {
        let strong = Arc::strong_count(&database.price);
        if strong == 1 { Ok(()) } else { Err(strong) }
    })
    .await;
}
