//! What is wrong with the instances.

use std::time::Duration;

use testbed::eventually;

use super::{doctor, findings, restricted, sound};
use crate::bed::{PATIENCE, at, config, config_at, instance, until_told};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_instance_that_cannot_prove_itself_is_found() {
    let server = sound().start().unwrap();
    let url = restricted(&server, &["-subscribe"]);
    let mut config = config_at(&url);
    config.redis.connect_timeout = Some(Duration::from_millis(500));
    config.use_streams_for_invalidation = false;
    let _instance = instance("blind", config).await;
    until_told(&server, 1).await;
    let words = ["doctor", "--json", "--sample", "1", "--pubsub"];
    let ran = at(&server, &words).await;
    let unwell = ("instances".to_owned(), "warning".to_owned());
    assert_eq!(findings(&ran), [unwell], "{ran:?}");
    assert!(ran.out.contains("blind is not proven"), "{ran:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn instances_on_different_logs_are_found() {
    let server = sound().start().unwrap();
    let mut other = config(&server);
    other.stream.stream_name = "other".into();
    let _first = instance("first", config(&server)).await;
    let _second = instance("second", other).await;
    until_told(&server, 2).await;
    let ran = doctor(&server).await;
    let apart = ("instances".to_owned(), "problem".to_owned());
    assert!(findings(&ran).contains(&apart), "{ran:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_instance_that_vanished_is_found() {
    let server = sound().start().unwrap();
    let _first = instance("first", config(&server)).await;
    let second = instance("second", config(&server)).await;
    until_told(&server, 2).await;
    drop(second);
    eventually("its silence is found", PATIENCE, || async {
        let ran = doctor(&server).await;
        let silent = ("instances".to_owned(), "warning".to_owned());
        let is_said = ran.out.contains("second is silent for");
        (is_said && findings(&ran) == [silent])
            .then_some(())
            .ok_or(ran)
    })
    .await;
}

/// It may no longer read the log, but goes on telling of itself.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_instance_that_is_far_behind_is_found() {
    let server = sound().start().unwrap();
    let url = restricted(&server, &["+@all"]);
    let _deaf = instance("deaf", config_at(&url)).await;
    let busy = instance("busy", config(&server)).await;
    until_told(&server, 2).await;
    restricted(&server, &["-xread"]);
    for _ in 0..1_100 {
        assert!(busy.remove("key").await.is_applied());
    }
    eventually("how far it is behind is found", PATIENCE, || async {
        let ran = doctor(&server).await;
        ran.out
            .contains("deaf is far behind")
            .then_some(())
            .ok_or(ran)
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn that_no_instance_tells_of_itself_is_worth_a_note() {
    let server = sound().start().unwrap();
    let mut quiet = config(&server);
    quiet.heartbeat.enabled = false;
    let _quiet = instance("quiet", quiet).await;
    let ran = at(&server, &["doctor", "--sample", "1"]).await;
    assert_eq!(ran.code, 0, "{ran:?}");
    let note = "note     instances: none tells of itself";
    assert!(ran.out.contains(note), "{ran:?}");
}
