//! `instances`.

use std::time::Duration;

use testbed::eventually;

use crate::bed::{PATIENCE, at, at_position, config, instance, until_told, with_instance};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn instances_are_listed_with_where_they_are() {
    let (server, first) = with_instance().await;
    let _second = instance("second", config(&server)).await;
    until_told(&server, 2).await;
    let position = at_position(&first.remove("key").await);
    eventually("both have applied the removal", PATIENCE, || async {
        let ran = at(&server, &["instances", "--json"]).await;
        let json = ran.json();
        let all = json["instances"].as_array().unwrap();
        let caught_up = all.iter().all(|each| {
            each["instance"]["said"]["position"] == position.as_str()
                && each["instance"]["lag"] == 0
                && each["complaint"].is_null()
        });
        (ran.code == 0 && all.len() == 2 && caught_up)
            .then_some(())
            .ok_or(json)
    })
    .await;
    let ran = at(&server, &["instances"]).await;
    assert_eq!(ran.code, 0, "{ran:?}");
    for shown in [
        "2 instances",
        "first",
        "second",
        "well",
        "closed",
        "LAG",
        "PROOF",
    ] {
        assert!(ran.out.contains(shown), "{shown}: {ran:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_instance_that_vanished_is_said_to_be_silent() {
    let (server, first) = with_instance().await;
    let second = instance("second", config(&server)).await;
    until_told(&server, 2).await;
    drop(second);
    eventually("it is silent", PATIENCE, || async {
        let ran = at(&server, &["instances"]).await;
        (ran.code == 1 && ran.out.contains("silent for"))
            .then_some(())
            .ok_or(ran)
    })
    .await;
    drop(first);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_heartbeats_nobody_is_listed() {
    let server = crate::bed::start();
    let mut quiet = config(&server);
    quiet.heartbeat.enabled = false;
    quiet.heartbeat.interval = Duration::from_millis(100);
    let _cache = instance("quiet", quiet).await;
    let ran = at(&server, &["instances"]).await;
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(ran.err.contains("No instance tells of itself"), "{ran:?}");
}
