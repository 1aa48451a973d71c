//! Policies decide how long records live.

use std::time::Duration;

use unstale::{Cache, EntryOptions, Policy};

use super::{command, integer, plain, record, steady};
use crate::bed::{Bed, Transport, on_every_server};

on_every_server!(
    the_longest_pattern_decides,
    options_go_before_code_before_configuration,
    the_table_of_the_specification_works,
);

/// How long the record lives, in whole seconds, if it was stored within the last 20.
fn life(bed: &Bed, key: &str) -> u64 {
    let millis = integer(command(bed, &["PTTL", &record(key)]));
    let millis = u64::try_from(millis).expect("the record has a life");
    millis.div_ceil(20_000) * 20
}

fn lives(seconds: u64) -> Policy {
    Policy::new().absolute_expiration(Duration::from_secs(seconds))
}

async fn with(bed: &Bed, policies: &[(&str, Policy)]) -> Cache {
    let mut config = steady(bed);
    config.default_absolute_expiration = Duration::from_secs(120);
    for (pattern, policy) in policies {
        config.policies.insert(pattern, policy.clone());
    }
    bed.instance_with("instance", config).await
}

async fn load(cache: &Cache, key: &str) {
    let load = || async { Ok::<_, ()>(Some(1_u32)) };
    cache.get_or_load(key, load).await.expect("a value");
}

async fn the_longest_pattern_decides(transport: Transport) {
    let bed = Bed::start(transport);
    let cache = with(
        &bed,
        &[
            ("feed:*", lives(200)),
            ("feed:user:*:page:1", lives(400)),
            ("feed:user:*", lives(300)),
            ("stock:*", Policy::new().size(2)),
        ],
    )
    .await;
    for (key, seconds) in [
        ("feed:all", 200),
        ("feed:user:7", 300),
        ("feed:user:7:page:2", 300),
        ("feed:user:7:page:1", 400),
        ("feeder", 120),
        ("stock:price", 120),
    ] {
        cache.set(key, &1_u32, plain()).await.unwrap();
        assert_eq!(life(&bed, key), seconds, "{key} set");
        cache.remove(key).await;
        load(&cache, key).await;
        assert_eq!(life(&bed, key), seconds, "{key} loaded");
    }
    let ttl = command(&bed, &["HGET", "{unstale:0}:meta", "ttl"]);
    assert_eq!(integer(ttl), 400_000, "the longest is announced");
}

async fn options_go_before_code_before_configuration(transport: Transport) {
    let bed = Bed::start(transport);
    let cache = with(&bed, &[("stock:price:*", lives(200))]).await;
    let configured = cache.space::<u32>("stock:price");
    let coded = configured.with_policy(lives(300));
    let options = || EntryOptions::new().absolute_expiration(Duration::from_secs(400));
    configured.set("a", &1, plain()).await.unwrap();
    coded.set("b", &1, plain()).await.unwrap();
    coded.set("c", &1, options()).await.unwrap();
    coded
        .with_policy(Policy::new().size(3))
        .set("d", &1, plain())
        .await
        .unwrap();
    for (key, seconds) in [("a", 200), ("b", 300), ("c", 400), ("d", 200)] {
        assert_eq!(life(&bed, &format!("stock:price:{key}")), seconds, "{key}");
    }
    assert_eq!(coded.get("d").await.as_deref(), Some(&1));
}

/// "Tuning TTL for Your Workload".
async fn the_table_of_the_specification_works(transport: Transport) {
    let bed = Bed::start(transport);
    let table = [
        ("stock:price", 120),
        ("inventory:stock", 300),
        ("session", 1800),
        ("dashboard", 60),
        ("presence", 20),
    ];
    let policies = table.map(|(pattern, seconds)| (format!("{pattern}:*"), lives(seconds)));
    let mut config = steady(&bed);
    config.default_absolute_expiration = Duration::from_secs(60);
    for (pattern, policy) in policies {
        config.policies.insert(&pattern, policy);
    }
    let cache = bed.instance_with("instance", config).await;
    for (pattern, seconds) in table {
        let space = cache.space::<u32>(pattern);
        space.set(1, &1, plain()).await.unwrap();
        assert_eq!(life(&bed, &space.key(1)), seconds, "{pattern}");
    }
    load(&cache, "anything:else").await;
    assert_eq!(life(&bed, "anything:else"), 60);
}
