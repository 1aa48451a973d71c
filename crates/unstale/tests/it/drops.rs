//! A value's own `Drop`: it may ask the cache, and it may panic.

use std::convert::Infallible;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc;
use std::task::{Context, Waker};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use testbed::eventually;
use unstale::{Cache, Config, EntryOptions};

use crate::bed::{Bed, PATIENCE, Transport, caught_up, on_every_transport, until_proven};

on_every_transport!(a_drop_that_panics_stops_neither_reader_nor_sender);

/// What happens when a value is dropped. A value that was decoded has nothing of it.
#[derive(Clone, Default)]
struct Fate {
    asks: Option<Cache>,
    panics: Arc<AtomicBool>,
    dropped: Arc<AtomicUsize>,
}

impl Fate {
    fn asking(cache: &Cache) -> Self {
        Self {
            asks: Some(cache.clone()),
            ..Self::default()
        }
    }

    fn dropped(&self) -> usize {
        self.dropped.load(Ordering::SeqCst)
    }

    fn value(&self) -> Value {
        let fate = Some(self.clone());
        Value { fate }
    }

    async fn load(&self, cache: &Cache, key: &str) -> Arc<Value> {
        self.load_for(cache, key, EntryOptions::new()).await
    }

    async fn load_for(&self, cache: &Cache, key: &str, options: EntryOptions) -> Arc<Value> {
        let load = || async {
            let entry = unstale::Entry::new(self.value()).options(options);
            Ok::<_, Infallible>(Some(entry))
        };
        cache.get_or_load_entry(key, load).await.unwrap().unwrap()
    }
}

#[derive(Serialize, Deserialize)]
struct Value {
    #[serde(skip)]
    fate: Option<Fate>,
}

impl Drop for Value {
    fn drop(&mut self) {
        let Some(fate) = self.fate.take() else {
            return;
        };
        if let Some(cache) = &fate.asks {
            once(cache.remove("asked"));
            once(cache.get::<u32>("asked"));
            cache.peek::<u32>("asked");
        }
        fate.dropped.fetch_add(1, Ordering::SeqCst);
        if fate.panics.load(Ordering::SeqCst) {
            // Not by way of the hook: it would only write to the output of the tests.
            std::panic::resume_unwind(Box::new("a value's Drop panics"));
        }
    }
}

/// As far as it comes without waiting.
fn once(asking: impl Future) {
    let _ = pin!(asking).poll(&mut Context::from_waker(Waker::noop()));
}

/// On a thread of its own, which is left behind when it stands still: a test that waited for it
/// would never fail.
fn goes_on<Going>(test: impl FnOnce() -> Going + Send + 'static)
where
    Going: Future<Output = ()>,
{
    let (done, is_done) = mpsc::channel();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(test());
        done.send(()).unwrap();
    });
    is_done
        .recv_timeout(PATIENCE)
        .expect("it goes on, and does not panic");
}

async fn alone_with(change: impl FnOnce(&mut Config)) -> Cache {
    let mut config = Config::default();
    change(&mut config);
    Cache::from_config(config).await.unwrap()
}

#[test]
fn a_drop_may_ask_the_cache_when_its_copy_is_removed() {
    goes_on(|| async {
        let cache = alone_with(|_| ()).await;
        let fate = Fate::asking(&cache);
        fate.load(&cache, "key").await;
        cache.remove("key").await;
        assert_eq!(fate.dropped(), 1);
    });
}

#[test]
fn a_drop_may_ask_the_cache_when_its_copy_is_replaced() {
    goes_on(|| async {
        let cache = alone_with(|_| ()).await;
        let fate = Fate::asking(&cache);
        fate.load(&cache, "key").await;
        let stored = cache.set("key", &1_u32, EntryOptions::new()).await;
        assert!(stored.unwrap().is_applied());
        assert_eq!(fate.dropped(), 1);
    });
}

#[test]
fn a_drop_may_ask_the_cache_when_its_copy_is_evicted() {
    goes_on(|| async {
        let cache = alone_with(|config| config.memory.size_limit = 10).await;
        let fate = Fate::asking(&cache);
        for number in 0..100 {
            fate.load(&cache, &format!("key:{number}")).await;
        }
        let held = usize::try_from(cache.health().l1_entries).unwrap();
        assert!(held <= 10, "{held}");
        assert_eq!(fate.dropped(), 100 - held);
    });
}

/// With all copies in one shard, as in a small cache.
#[test]
fn a_drop_may_ask_the_cache_when_its_copy_has_expired() {
    goes_on(|| async {
        let cache = alone_with(|config| {
            config.memory.size_limit = 10;
            config.memory.expiration_scan_frequency = Duration::from_millis(10);
        })
        .await;
        let fate = Fate::asking(&cache);
        let soon = EntryOptions::new().absolute_expiration(Duration::from_millis(1));
        for number in 0..3 {
            fate.load_for(&cache, &format!("key:{number}"), soon.clone())
                .await;
        }
        eventually("they are dropped", PATIENCE, || async {
            fate.dropped() == 3
        })
        .await;
    });
}

/// Several of them at once, which nobody survives whose stack unwinds through them.
#[test]
fn nobody_else_sees_the_panic_of_a_drop() {
    goes_on(|| async {
        let scan = Duration::from_millis(10);
        let cache = alone_with(|config| {
            config.memory.size_limit = 10;
            config.memory.expiration_scan_frequency = scan;
        })
        .await;
        let fate = Fate::default();
        fate.panics.store(true, Ordering::SeqCst);
        for number in 0..100 {
            fate.load(&cache, &format!("key:{number}")).await;
        }
        let held = usize::try_from(cache.health().l1_entries).unwrap();
        assert_eq!(fate.dropped(), 100 - held);
        assert!(cache.remove("key:99").await.is_applied());

        let before = fate.dropped();
        let soon = EntryOptions::new().absolute_expiration(Duration::from_millis(1));
        for round in 0..2 {
            let keys = (0..3).map(|number| format!("soon:{round}:{number}"));
            for key in keys {
                fate.load_for(&cache, &key, soon.clone()).await;
            }
            eventually("the scan goes on", PATIENCE, || async {
                fate.dropped() >= before + 3 * (round + 1)
            })
            .await;
        }
        fate.load(&cache, "last:1").await;
        fate.load(&cache, "last:2").await;
        let held = usize::try_from(cache.health().l1_entries).unwrap();
        assert!(held >= 2, "{held}");
        let before = fate.dropped();
        cache.close().await;
        drop(cache);
        eventually("all are dropped", PATIENCE, || async {
            fate.dropped() == before + held
        })
        .await;
    });
}

/// Its own hold on such a copy is the last one.
#[test]
fn a_reader_of_a_copy_that_may_not_be_served_does_not_see_the_panic_of_its_drop() {
    goes_on(|| async {
        let never = Duration::from_secs(3600);
        let cache = alone_with(|config| config.memory.expiration_scan_frequency = never).await;
        let fate = Fate::default();
        fate.panics.store(true, Ordering::SeqCst);
        let soon = EntryOptions::new().absolute_expiration(Duration::from_millis(1));
        fate.load_for(&cache, "expired", soon).await;
        eventually("it expires", PATIENCE, || async {
            cache.get::<Value>("expired").await.is_none()
        })
        .await;
        assert_eq!(fate.dropped(), 1);

        fate.load(&cache, "banned").await;
        assert!(cache.remove_pattern("bann*").await.is_applied());
        assert_eq!(fate.dropped(), 1);
        assert!(cache.get::<Value>("banned").await.is_none());
        assert_eq!(fate.dropped(), 2);
    });
}

async fn a_drop_that_panics_stops_neither_reader_nor_sender(transport: Transport) {
    let bed = Bed::start(transport);
    let (one, two) = (bed.instance("one").await, bed.instance("two").await);
    let fate = Fate::default();
    let keys = ["key:1", "key:2", "key:3"];
    for round in 1..=2_u64 {
        for key in keys {
            fate.load(&one, key).await;
            assert!(one.peek::<Value>(key).is_some());
        }
        let before = fate.dropped();
        let dropped = async |copies: usize| {
            eventually("copies are dropped", PATIENCE, || async {
                let dropped = fate.dropped() - before;
                (dropped == copies).then_some(()).ok_or(dropped)
            })
            .await;
        };
        fate.panics.store(true, Ordering::SeqCst);

        // The reader drops what another instance removed.
        let removal = two.remove(keys[0]).await;
        caught_up(&one, removal.token().unwrap()).await;
        dropped(1).await;

        // Who first learns of the new epoch drops the rest: the reader, or the sender.
        bed.flush();
        let token = eventually("a removal is sent", PATIENCE, || async {
            let removal = one.remove("another").await;
            removal.token().cloned()
        })
        .await;
        caught_up(&two, &token).await;
        eventually("the reader has started over", PATIENCE, || async {
            one.invalidations().resyncs > round
        })
        .await;
        until_proven(&one, true).await;
        dropped(keys.len()).await;
        fate.panics.store(false, Ordering::SeqCst);
    }
}
