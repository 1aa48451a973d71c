//! Looking at a copy without reading it.

use std::time::Duration;

use testbed::eventually;
use unstale::{EntryOptions, Source};

use super::alone;
use crate::bed::{PATIENCE, l1_hits, read};

#[tokio::test]
async fn a_look_counts_nothing_and_loads_nothing() {
    let cache = alone().await;
    assert!(cache.peek::<u64>("product:1").is_none());
    assert_eq!(read(&cache, "product:1", 7).await, 7);
    let before = cache.effectiveness();
    let copy = cache.peek::<u64>("product:1").unwrap();
    assert_eq!(
        (*copy.value, copy.source, copy.served),
        (7, Source::Load, true)
    );
    assert!(
        cache.peek::<String>("product:1").is_none(),
        "of another type"
    );
    assert_eq!(cache.effectiveness(), before);
    assert_eq!(l1_hits(&cache), 0);
    assert!(cache.remove("product:1").await.is_applied());
    assert!(cache.peek::<u64>("product:1").is_none());
}

#[tokio::test]
async fn a_copy_ages_and_is_no_longer_served_when_it_has_expired() {
    let cache = alone().await;
    let options = EntryOptions::new().absolute_expiration(Duration::from_millis(300));
    let set = cache.set("product:1", &7_u64, options).await;
    assert!(set.unwrap().is_applied());
    let young = cache.peek::<u64>("product:1").map(|copy| copy.age);
    eventually("it is not served any longer", PATIENCE, || async {
        let copy = cache.peek::<u64>("product:1")?;
        assert!(copy.age >= young.unwrap_or_default());
        (!copy.served).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_copy_that_a_ban_forbids_is_not_served() {
    let cache = alone().await;
    assert_eq!(read(&cache, "product:1", 7).await, 7);
    assert!(cache.remove_pattern("product:*").await.is_applied());
    let copy = cache.peek::<u64>("product:1");
    assert!(!copy.is_some_and(|copy| copy.served));
}
