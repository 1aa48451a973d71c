//! One partition does not do what the others do.

use testbed::eventually;
use unstale::{Cache, EntryOptions, Outcome};

use super::{allow_all, four, one_each, refuse};
use crate::bed::{
    Bed, OF_FOUR, PATIENCE, caught_up, held, l1_answers, patient, quick, read, until_sent, warm,
};

/// Two instances with copies of a key in each partition, the first of which soon notices.
async fn two_with_copies() -> (Bed, Cache, Cache, [String; 4]) {
    let bed = four();
    let mut config = bed.config();
    quick(&mut config);
    let here = bed.instance_with("here", config).await;
    let mut config = bed.config();
    patient(&mut config);
    let there = bed.instance_with("there", config).await;
    let keys = one_each(&here).await;
    let settled = here.clear().await;
    caught_up(&there, settled.token().unwrap()).await;
    for key in &keys {
        warm(&here, key, 1).await;
        warm(&there, key, 1).await;
    }
    (bed, here, there, keys)
}

/// What is acknowledged in all partitions but one is not applied; it is where it was acknowledged, and
/// will be where it was not.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_batch_of_which_one_partition_is_refused_is_pending() {
    let (bed, here, there, keys) = two_with_copies().await;
    refuse(&bed, 2);
    assert_eq!(
        here.remove_batch([&keys[0], &keys[2]]).await,
        Outcome::Pending
    );
    for write in 2..5 {
        // Read your own writes: in the one partition from the cache, in the other from the source.
        assert_eq!(read(&here, &keys[0], 2).await, 2);
        assert_eq!(held(&here, &keys[2]).await, None);
        assert_eq!(read(&here, &keys[2], write).await, write);
    }
    eventually(
        "the part that was applied is heard of",
        PATIENCE,
        || async { held(&there, &keys[0]).await != Some(1) },
    )
    .await;
    assert_eq!(held(&there, &keys[2]).await, Some(1));
    assert_eq!(here.invalidations().pending, 1);
    // The other partitions go on.
    let removed = here.remove_batch([&keys[1], &keys[3]]).await;
    caught_up(&there, removed.token().unwrap()).await;

    allow_all(&bed);
    until_sent(&here).await;
    eventually("the rest is heard of", PATIENCE, || async {
        held(&there, &keys[2]).await.is_none()
    })
    .await;
    assert!(here.remove_batch(&keys).await.is_applied());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_ban_that_is_acknowledged_in_one_partition_only_is_pending() {
    let (bed, here, there, keys) = two_with_copies().await;
    let rest = format!("~{}:*", OF_FOUR[1]);
    let everything = ["ACL", "SETUSER", "default", "resetkeys", &rest];
    bed.server().command(everything).unwrap();
    assert_eq!(here.remove_pattern("product:*").await, Outcome::Pending);
    for write in 2..5 {
        for (partition, key) in keys.iter().enumerate() {
            let newest = if partition == 1 { 2 } else { write };
            assert_eq!(read(&here, key, newest).await, newest, "{key}");
        }
    }
    eventually("it is heard of where it was applied", PATIENCE, || async {
        held(&there, &keys[1]).await != Some(1)
    })
    .await;
    assert_eq!(here.invalidations().pending, 3);

    allow_all(&bed);
    until_sent(&here).await;
    for key in &keys {
        eventually("it is heard of everywhere", PATIENCE, || async {
            held(&there, key).await != Some(1)
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn values_of_which_one_partition_is_refused_are_pending() {
    let (bed, here, _there, keys) = two_with_copies().await;
    refuse(&bed, 3);
    let values: Vec<_> = keys.iter().map(|key| (key, 2_u64)).collect();
    let set = here.set_many(&values, EntryOptions::new()).await;
    assert_eq!(set.unwrap(), Outcome::Pending);
    assert_eq!(held(&here, &keys[0]).await, Some(2));
    assert_eq!(held(&here, &keys[3]).await, None);
    assert_eq!(read(&here, &keys[3], 3).await, 3);
    allow_all(&bed);
    until_sent(&here).await;
}

/// The one whose log cannot be followed does not use L1, and the others do.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_partition_without_proof_leaves_l1_to_the_others() {
    let (bed, here, _there, keys) = two_with_copies().await;
    refuse(&bed, 0);
    eventually("it is known not to be proven", PATIENCE, || async {
        !here.health().proven
    })
    .await;
    assert_eq!(read(&here, &keys[0], 2).await, 2);
    for key in &keys[1..] {
        warm(&here, key, 1).await;
    }
    assert!(!l1_answers(&here, &keys[0]).await);
    allow_all(&bed);
    eventually("all are proven", PATIENCE, || async {
        let health = here.health();
        (health.proven && health.breaker == "closed")
            .then_some(())
            .ok_or(health)
    })
    .await;
}
