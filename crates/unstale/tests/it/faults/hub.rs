//! The hub's own faults: what is broken there is noticed, worked around, and mended.

use testbed::eventually;
use unstale::{Cache, Event, Hub};

use crate::bed::{PATIENCE, l1_answers, quick, read, until_proven, until_sent, warm};

async fn two_on(hub: &Hub) -> (Cache, Cache) {
    let build = async |name: &str| {
        let mut config = unstale::Config::default();
        quick(&mut config);
        let builder = Cache::builder().config(config).instance_name(name).hub(hub);
        builder.build().await.unwrap()
    };
    (build("here").await, build("there").await)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_instance_that_is_cut_off_fails_closed_and_comes_back() {
    let hub = Hub::new();
    let (here, there) = two_on(&hub).await;
    warm(&there, "product:1", 1).await;
    hub.cut_off(&there);
    assert!(hub.is_cut_off(&there) && !hub.is_cut_off(&here));
    assert!(here.remove("product:1").await.is_applied());
    until_proven(&there, false).await;
    assert!(
        !there
            .peek::<u64>("product:1")
            .is_some_and(|copy| copy.served)
    );
    assert_eq!(read(&there, "product:1", 2).await, 2, "it goes on working");
    assert!(!l1_answers(&there, "product:1").await);
    assert!(here.health().proven, "the others do not notice");

    hub.reconnect(&there);
    until_proven(&there, true).await;
    warm(&there, "product:1", 2).await;
    assert_eq!(there.invalidations().gaps, 0, "everything was still there");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_trimmed_while_an_instance_was_away_is_a_gap() {
    let hub = Hub::new();
    let (here, there) = two_on(&hub).await;
    warm(&there, "product:1", 1).await;
    warm(&there, "product:2", 1).await;
    let mut events = there.events();
    hub.cut_off(&there);
    until_proven(&there, false).await;
    assert!(here.remove("product:1").await.is_applied());
    hub.trim(0);
    hub.reconnect(&there);
    until_proven(&there, true).await;
    assert_eq!(there.invalidations().gaps, 1);
    assert!(there.peek::<u64>("product:2").is_none(), "all copies went");
    let event = tokio::time::timeout(PATIENCE, events.next()).await.unwrap();
    assert!(
        matches!(event, Some(Event::Resynchronised { .. })),
        "{event:?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_the_hub_is_silent_the_source_answers_and_removals_are_kept() {
    let hub = Hub::new();
    let (here, there) = two_on(&hub).await;
    warm(&here, "product:1", 1).await;
    warm(&there, "product:1", 1).await;
    hub.stop_answers();
    assert_eq!(here.health().breaker, "open");
    assert!(!here.remove("product:1").await.is_applied());
    assert_eq!(here.health().pending, 1);
    assert_eq!(
        read(&here, "product:1", 2).await,
        2,
        "one's own writes are read"
    );
    until_proven(&there, false).await;
    assert_eq!(read(&there, "product:1", 2).await, 2);

    hub.resume_answers();
    assert!(hub.is_answering());
    for cache in [&here, &there] {
        until_sent(cache).await;
        until_proven(cache, true).await;
        warm(cache, "product:1", 2).await;
        assert_eq!(cache.health().breaker, "closed");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_instance_that_starts_while_the_hub_is_silent_works_without_it() {
    let hub = Hub::new();
    hub.stop_answers();
    let (here, there) = two_on(&hub).await;
    assert_eq!(read(&here, "product:1", 1).await, 1);
    assert!(!here.health().proven);
    hub.resume_answers();
    until_proven(&here, true).await;
    until_proven(&there, true).await;
    warm(&here, "product:1", 1).await;
    eventually("the other reads it from the hub", PATIENCE, || async {
        there.get::<u64>("product:1").await.is_some()
    })
    .await;
}
