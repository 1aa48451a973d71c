//! What an instance of several partitions tells of itself.

use testbed::eventually;
use unstale::Token;

use super::{four, named, one_each, refuse};
use crate::bed::{PATIENCE, caught_up, quick, warm};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn health_names_all_partitions_and_counts_together() {
    let bed = four();
    let cache = bed.instance("one").await;
    let keys = one_each(&cache).await;
    for key in &keys {
        warm(&cache, key, 1).await;
    }
    let banned = cache.remove_tag("sport").await;
    caught_up(&cache, banned.token().unwrap()).await;
    let health = cache.health();
    let position: Token = health.position.unwrap().parse().unwrap();
    assert_eq!(named(&position), ["0/4", "1/4", "2/4", "3/4"]);
    assert!(health.proven && health.healthy, "{:?}", health.reason);
    assert_eq!((health.l1_entries, health.bans), (4, 4));
    assert_eq!((health.pending, health.breaker), (0, "closed"));
    let before = cache.invalidations();
    assert!(cache.remove_batch(&keys).await.is_applied());
    let after = cache.invalidations();
    assert_eq!(after.total - before.total, 4);
    assert_eq!(after.sent_batches - before.sent_batches, 4);
    assert!(cache.clear().await.is_applied());
    assert_eq!(cache.invalidations().total - after.total, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn health_says_which_log_is_not_followed() {
    let bed = four();
    let mut config = bed.config();
    quick(&mut config);
    config.stream.ack_timeout = std::time::Duration::from_millis(500);
    let cache = bed.instance_with("one", config).await;
    assert!(cache.health().healthy);
    refuse(&bed, 1);
    eventually("it is not well", PATIENCE, || async {
        let health = cache.health();
        let reason = health.reason.clone().unwrap_or_default();
        let told = reason.starts_with("the log of partition 1/4 ");
        (!health.healthy && told).then_some(()).ok_or(health)
    })
    .await;
}
