//! A day of a service: everything that its instances ask of a server, and what they promise of it.

use std::time::Duration;

use testbed::{Server, Value, eventually};
use unstale::{Cache, Config, EntryOptions, Lookup};

use super::{OF_SIX, PATIENCE, caught_up, held, read, until_proven, warm};

/// Settings under which a day is short, and one ban too many comes soon.
pub(crate) fn hasten(config: &mut Config) {
    config.max_bans = 1;
    config.max_staleness = Duration::from_secs(20);
    config.stream.poll_interval = Duration::from_millis(100);
    config.heartbeat.interval = Duration::from_millis(100);
}

async fn instance(name: &str, config: &Config) -> Cache {
    let builder = Cache::builder().config(config.clone());
    builder.instance_name(name).build().await.expect("a cache")
}

/// Two instances on one server, from their start to their end.
pub(crate) async fn lived_through(server: &Server, config: &Config) {
    let (one, other) = (
        instance("one", config).await,
        instance("other", config).await,
    );
    for cache in [&one, &other] {
        until_proven(cache, true).await;
    }
    until_listed(server, config, 2).await;

    warm(&one, "stock:1", 1).await;
    warm(&other, "stock:1", 1).await;
    read(&one, "stock:2", 5).await;
    let both = other.get_many::<u64>(&["stock:1", "stock:2"]).await;
    assert_eq!(
        both.iter().map(|got| got.as_deref()).collect::<Vec<_>>(),
        [Some(&1), Some(&5)]
    );

    let removed = one.remove("stock:1").await;
    let token = removed.token().expect("it is applied");
    let there = other.space::<u64>("stock").after(token);
    assert_eq!(there.get(1).await, None);
    caught_up(&other, token).await;
    assert_eq!(read(&other, "stock:1", 2).await, 2);
    assert_eq!(read(&one, "stock:1", 3).await, 2, "the other one's fill");

    let sliding = EntryOptions::new().sliding_expiration(Duration::from_secs(60));
    assert!(
        one.set("session", &7_u64, sliding)
            .await
            .unwrap()
            .is_applied()
    );
    assert_eq!(held(&other, "session").await, Some(7));

    // Both know the same when they send, and one of them comes second: what it knows is looked up.
    for _ in 0..20 {
        let (first, second) = tokio::join!(one.remove("stock:8"), other.remove("stock:9"));
        assert!(first.is_applied() && second.is_applied());
    }
    for pattern in ["feed:*", "stock:*"] {
        let banned = one.remove_pattern(pattern).await;
        caught_up(&other, banned.token().expect("it is applied")).await;
    }
    assert_eq!(read(&other, "stock:1", 4).await, 4);
    let both = [("feed:1", 1_u64), ("feed:2", 2)];
    let stored = one.set_many(&both, EntryOptions::new()).await;
    assert!(stored.unwrap().is_applied());
    assert!(one.remove_batch(["feed:1", "feed:2"]).await.is_applied());
    assert!(one.remove_tag("products").await.is_applied());
    assert!(one.clear().await.is_applied());
    assert_eq!(read(&one, "stock:1", 5).await, 5);
    match one.lookup::<u64>("nobody's").await {
        Lookup::Miss(lease) => drop(lease),
        Lookup::Hit(found) => panic!("nobody stored {found:?}"),
    }
    one.close().await;
    other.close().await;
    until_listed(server, config, 0).await;
}

/// Waits until so many instances have told of themselves, and none has not said farewell.
async fn until_listed(server: &Server, config: &Config, instances: i64) {
    if !config.heartbeat.enabled {
        return;
    }
    eventually("instances are listed", PATIENCE, || async {
        let database = config.redis.effective_database();
        let namespace = config.redis.namespace();
        let tag = match config.redis.effective_partitions() {
            6 => OF_SIX[0].to_owned(),
            _ => format!("{{{namespace}:0}}"),
        };
        let list = format!("{tag}:instances");
        let there = server
            .command_in(database, ["ZCARD", &list])
            .expect("a server");
        (there == Value::Int(instances)).then_some(()).ok_or(there)
    })
    .await;
}
