//! Whether an instance is well, and what it waits for.

use std::time::Duration;

use testbed::eventually;
use unstale::Config;

use super::alone;
use crate::bed::{Bed, PATIENCE, Transport, on_every_server, on_every_transport};
use crate::l1_l2::{caught_up, number, set, two};

on_every_transport!(an_instance_on_an_l2_is_well);

mod failing {
    use super::on_every_server;
    use super::{an_instance_without_its_server_says_so, removals_that_wait_are_shown};

    on_every_server!(
        an_instance_without_its_server_says_so,
        removals_that_wait_are_shown,
    );
}

#[tokio::test]
async fn an_instance_alone_is_always_well() {
    let cache = alone(|_| ()).await;
    let health = cache.health();
    assert!(health.healthy && health.proven, "{health:?}");
    assert_eq!((health.breaker, health.pending), ("none", 0));
    assert_eq!((health.proof_age, &health.reason), (None, &None));
    assert_eq!((health.l1_entries, health.l1_size, health.bans), (0, 0, 0));
    set(&cache, "a:1", 1).await;
    cache.remove_pattern("b:*").await;
    let health = cache.health();
    assert_eq!((health.l1_entries, health.l1_size, health.bans), (1, 1, 1));
    cache.close().await;
    assert!(cache.health().healthy);
}

async fn an_instance_on_an_l2_is_well(transport: Transport) {
    let bed = Bed::start(transport);
    let (a, b) = two(&bed).await;
    let newest = a.remove_pattern("b:*").await;
    caught_up(&b, &newest).await;
    for cache in [&a, &b] {
        let health = cache.health();
        assert!(health.healthy && health.proven, "{health:?}");
        assert_eq!((health.breaker, health.pending), ("closed", 0));
        assert_eq!((health.reason, health.bans), (None, 1));
        assert!(health.proof_age.is_some_and(|age| age < PATIENCE));
    }
    let position = b.health().position;
    assert_eq!(position, newest.token().map(ToString::to_string));
    // A proof is renewed once per PollInterval.
    let mut before = None;
    eventually("the proof is renewed", PATIENCE, || {
        let age = b.health().proof_age;
        let renewed = age < before.replace(age).flatten();
        async move { renewed }
    })
    .await;
}

fn quick(bed: &Bed) -> Config {
    let mut config = bed.config();
    config.max_staleness = Duration::from_millis(400);
    config.stream.poll_interval = Duration::from_millis(100);
    config.stream.ack_timeout = Duration::from_millis(800);
    config.redis.command_timeout = Some(Duration::from_millis(200));
    config
}

async fn an_instance_without_its_server_says_so(transport: Transport) {
    let bed = Bed::start(transport);
    let cache = bed.instance_with("a", quick(&bed)).await;
    set(&cache, "key", 1).await;
    assert!(cache.health().healthy);
    bed.server().kill().unwrap();
    let health = eventually("it says so", PATIENCE, || async {
        number(&cache, "other").await;
        let health = cache.health();
        let unwell = !health.healthy && !health.proven && health.breaker != "closed";
        if unwell { Ok(health) } else { Err(health) }
    })
    .await;
    let reason = health.reason.expect("a reason");
    assert!(reason.ends_with('.') || reason.contains(' '), "{reason}");
    assert!(cache.health().pending == 0);
    bed.server().restart().unwrap();
    eventually("it is well again", PATIENCE, || async {
        let health = cache.health();
        let well = health.healthy && health.proven && health.breaker == "closed";
        well.then_some(()).ok_or(health)
    })
    .await;
    assert_eq!(cache.health().reason, None);
}

async fn removals_that_wait_are_shown(transport: Transport) {
    let bed = Bed::start(transport);
    let cache = bed.instance_with("a", quick(&bed)).await;
    bed.server().pause().unwrap();
    let removal = {
        let cache = cache.clone();
        tokio::spawn(async move { cache.remove_batch(["a", "b", "c"]).await })
    };
    eventually("they are pending", PATIENCE, || async {
        cache.health().pending == 3 && cache.invalidations().pending == 3
    })
    .await;
    assert_eq!(cache.invalidations().total, 3);
    bed.server().resume().unwrap();
    eventually("nothing is pending", PATIENCE, || async {
        cache.health().pending == 0 && cache.invalidations().pending == 0
    })
    .await;
    removal.await.unwrap();
}
