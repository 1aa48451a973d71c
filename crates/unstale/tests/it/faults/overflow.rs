//! More removals than the queue holds: they collapse into one ban on everything.

use testbed::{Proxy, eventually};
use unstale::{Cache, Config, Outcome};

use crate::bed::{
    Bed, PATIENCE, Transport, held, on_every_server, patient, quick, read, until_sent, warm,
};

const LIMIT: usize = 10;
const KEYS: u64 = 60;

on_every_server!(
    while_it_is_cut_off,
    while_the_server_is_down,
    of_bans,
    not_by_one_call,
);

async fn while_it_is_cut_off(transport: Transport) {
    let (bed, proxy, cache) = start(transport).await;
    let other = bed.instance("other").await;
    for key in keys() {
        warm(&other, &key, 1).await;
    }
    warm(&cache, "product:0", 1).await;
    proxy.cut();
    remove_all(&cache).await;
    proxy.heal().unwrap();
    until_sent(&cache).await;
    eventually("the others dropped everything", PATIENCE, || async {
        let mut left = 0;
        for key in keys() {
            left += u32::from(held(&other, &key).await.is_some());
        }
        (left == 0).then_some(()).ok_or(left)
    })
    .await;
    // And back to normal.
    for cache in [&cache, &other] {
        warm(cache, "product:1", 3).await;
    }
}

async fn while_the_server_is_down(transport: Transport) {
    let (bed, _proxy, cache) = start(transport).await;
    for key in keys() {
        warm(&cache, &key, 1).await;
    }
    bed.server().kill().unwrap();
    remove_all(&cache).await;
    bed.server().restart().unwrap();
    until_sent(&cache).await;
    for key in keys() {
        assert_eq!(held(&cache, &key).await, None);
    }
}

async fn of_bans(transport: Transport) {
    let (bed, proxy, cache) = start(transport).await;
    let other = bed.instance("other").await;
    warm(&other, "feed:user:1", 1).await;
    proxy.cut();
    for id in 0..KEYS {
        let banned = cache.remove_pattern(&format!("feed:{id}:*")).await;
        assert_eq!(banned, Outcome::Pending);
    }
    assert!(cache.invalidations().collapsed >= 1);
    assert_eq!(read(&cache, "feed:user:1", 2).await, 2);
    proxy.heal().unwrap();
    until_sent(&cache).await;
    eventually("the other dropped everything", PATIENCE, || async {
        held(&other, "feed:user:1").await.is_none()
    })
    .await;
}

/// A server that answers works it off: nothing else is banned.
async fn not_by_one_call(transport: Transport) {
    let bed = Bed::start(transport);
    let mut config = bed.config();
    patient(&mut config);
    config.max_pending = LIMIT;
    let cache = bed.instance_with("one", config).await;
    for key in ["other", "product:1", "feed:1"] {
        warm(&cache, key, 1).await;
    }
    let removed = cache.remove_batch(keys()).await;
    assert!(removed.is_applied(), "{removed:?}");
    let patterns = (0..KEYS).map(|id| format!("feed:{id}*"));
    let banned = cache.remove_patterns(patterns).await;
    assert!(banned.is_applied(), "{banned:?}");
    assert_eq!(cache.invalidations().collapsed, 0);
    for (key, copy) in [("other", Some(1)), ("product:1", None), ("feed:1", None)] {
        assert_eq!(held(&cache, key).await, copy, "{key}");
    }
}

async fn start(transport: Transport) -> (Bed, Proxy, Cache) {
    let bed = Bed::start(transport);
    let set = |config: &mut Config| {
        quick(config);
        config.max_pending = LIMIT;
    };
    let (cache, proxy) = bed.proxied("one", set).await;
    (bed, proxy, cache)
}

/// Nothing older is read meanwhile, and the queue stays as short as it has to.
async fn remove_all(cache: &Cache) {
    for key in keys() {
        assert_eq!(cache.remove(&key).await, Outcome::Pending);
        assert_eq!(held(cache, &key).await, None);
    }
    let stats = cache.invalidations();
    assert!(stats.collapsed >= 1, "{stats:?}");
    assert!(stats.pending <= LIMIT as u64 + 1, "{stats:?}");
    for key in keys() {
        assert_eq!(read(cache, &key, 2).await, 2);
        assert_eq!(held(cache, &key).await, None);
    }
}

fn keys() -> impl Iterator<Item = String> {
    (0..KEYS).map(|id| format!("product:{id}"))
}
