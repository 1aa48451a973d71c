//! Waiting for conditions.

use std::{future, time::Duration};

use testbed::eventually;
use tokio::{task::JoinError, time::Instant};

const LIMIT: Duration = Duration::from_millis(30);

async fn message_of(task: impl Future<Output = ()> + Send + 'static) -> Option<String> {
    let failed: JoinError = tokio::spawn(task).await.err()?;
    failed.into_panic().downcast_ref::<String>().cloned()
}

#[tokio::test]
async fn every_kind_of_answer_can_be_awaited() {
    let began = Instant::now();
    eventually("time passes", LIMIT * 100, || async {
        began.elapsed() > LIMIT
    })
    .await;
    assert_eq!(eventually("some", LIMIT, || async { Some(1) }).await, 1);
    assert_eq!(
        eventually("ok", LIMIT, || async { Ok::<_, ()>(2) }).await,
        2
    );
}

#[tokio::test]
async fn a_failure_names_what_was_awaited_where_and_what_was_seen() {
    let message = message_of(eventually("pigs fly", LIMIT, || async {
        Err("only birds do")
    }))
    .await;
    let message = message.unwrap_or_default();
    for part in ["pigs fly", "only birds do", "30ms", file!()] {
        assert!(message.contains(part), "{message}");
    }
}

#[tokio::test]
async fn a_check_that_hangs_is_given_up() {
    let message = message_of(eventually("it ends", LIMIT, future::pending::<bool>)).await;
    assert!(
        message
            .unwrap_or_default()
            .contains("the first check did not end")
    );
}
