//! Brings the link to the server up, whenever it is down.

use std::sync::Arc;
use std::time::Duration;

use crate::local::Local;
use crate::tiers::{OpenFailure, Redis};
use crate::write::Sender;

/// How often the catch-up looks at the cursor.
const LOOK: Duration = Duration::from_millis(1);

/// Connect, fence, send what is pending, catch up with the log; only then in service. Runs until
/// it is aborted.
pub(crate) async fn recover_forever(
    redis: Arc<Redis>,
    sender: Arc<Sender>,
    local: Arc<Local>,
    name: Arc<str>,
) {
    let mut reported = String::new();
    loop {
        redis.link.lost().await;
        redis.link.breaker.half_open();
        match recover(&redis, &sender, &local).await {
            Ok(()) => {
                reported.clear();
                tracing::info!(instance = %name, position = %local.position(), "L2 is in service");
                sender.kick();
            }
            Err(failure) => {
                let pause = redis.link.breaker.reopen();
                // An outage is reported once, and again when its cause changes.
                let cause = failure.to_string();
                if cause == reported {
                    tracing::debug!(instance = %name, cause, ?pause, "L2 is still not in service");
                } else {
                    tracing::warn!(instance = %name, cause, ?pause, "L2 is not in service; trying again");
                    reported = cause;
                }
                tokio::time::sleep(pause).await;
            }
        }
    }
}

/// One attempt.
pub(crate) async fn recover(
    redis: &Arc<Redis>,
    sender: &Arc<Sender>,
    local: &Arc<Local>,
) -> Result<(), OpenFailure> {
    let (line, fenced) = redis.link.open().await?;
    sender.flush(redis, &line).await?;
    // An instance that is not proven reads L2 only together with the server's bans, so it need
    // not catch up first.
    while local.is_proven() && local.position() < fenced.position() {
        tokio::time::sleep(LOOK).await;
    }
    redis.link.serve(line);
    Ok(())
}
