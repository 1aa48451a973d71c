//! Caches that share a server and nothing else.

use std::time::{Duration, Instant};

use testbed::eventually;
use unstale::{Cache, Config};

use super::{command, number, set, steady, text};
use crate::bed::{Bed, PATIENCE, Transport, on_every_server};

on_every_server!(
    namespaces_do_not_see_each_other,
    databases_do_not_see_each_other,
    the_configured_database_is_used,
);

async fn with(bed: &Bed, change: impl FnOnce(&mut Config)) -> Cache {
    let mut config = steady(bed);
    change(&mut config);
    bed.instance_with("instance", config).await
}

async fn namespaces_do_not_see_each_other(transport: Transport) {
    let bed = Bed::start(transport);
    let here = with(&bed, |config| config.redis.instance_name = "here".into()).await;
    let there = with(&bed, |config| config.redis.instance_name = "there".into()).await;
    let also_here = with(&bed, |config| config.redis.instance_name = "here:".into()).await;
    keep_apart(&here, &there, &also_here).await;
}

async fn databases_do_not_see_each_other(transport: Transport) {
    let bed = Bed::start(transport);
    let here = with(&bed, |_| ()).await;
    let there = with(&bed, |config| config.redis.default_database = Some(5)).await;
    let also_here = with(&bed, |_| ()).await;
    keep_apart(&here, &there, &also_here).await;
}

/// The first and the third share a namespace; the second is on its own.
async fn keep_apart(here: &Cache, there: &Cache, also_here: &Cache) {
    set(here, "key", 1).await;
    assert_eq!(number(there, "key").await, None);
    assert_eq!(number(also_here, "key").await, Some(1));
    set(there, "key", 2).await;
    assert_eq!(number(here, "key").await, Some(1));
    let quiet = (here.invalidations(), also_here.invalidations());

    for value in 0..50 {
        set(there, "key", value).await;
        assert!(there.remove("key").await.is_applied());
        assert!(there.remove_pattern("k*").await.is_applied());
        assert!(there.clear().await.is_applied());
        assert!(there.remove_tag("red").await.is_applied());
    }
    assert_eq!(number(here, "key").await, Some(1));
    assert_eq!(number(also_here, "key").await, Some(1));
    // Theirs took the same way and arrived before ours.
    assert!(here.remove("other").await.is_applied());
    eventually("ours arrived", PATIENCE, || async {
        also_here.invalidations().received > quiet.1.received
    })
    .await;
    assert_eq!(also_here.invalidations().received, quiet.1.received + 1);
    for (cache, before) in [(here, quiet.0), (also_here, quiet.1)] {
        let now = cache.invalidations();
        assert_eq!((now.gaps, now.resyncs), (before.gaps, before.resyncs));
        assert_eq!(cache.health().bans, 0);
    }
}

async fn the_configured_database_is_used(transport: Transport) {
    let bed = Bed::start(transport);
    let by_setting = with(&bed, |config| config.redis.default_database = Some(3)).await;
    let url = format!("{}/3", bed.server().url());
    let mut config = steady(&bed);
    config.redis.connect_to(url.parse().expect("an address"));
    let by_address = bed.instance_with("by address", config).await;
    set(&by_setting, "key", 1).await;
    assert_eq!(number(&by_address, "key").await, Some(1));
    let keyspace = text(command(&bed, &["INFO", "keyspace"]));
    assert!(keyspace.contains("db3:keys="), "{keyspace}");
    assert!(!keyspace.contains("db0:"), "{keyspace}");

    let began = Instant::now();
    assert!(by_setting.remove("key").await.is_applied());
    eventually("the other one dropped its copy", PATIENCE, || async {
        number(&by_address, "key").await.is_none()
    })
    .await;
    // By the log, not because no proof came: that would take MaxStaleness, a minute here.
    assert!(began.elapsed() < Duration::from_secs(30));
}
