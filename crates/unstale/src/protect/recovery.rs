//! Brings the link to the server up, whenever it is down.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use tracing::Instrument;

use super::link::{Line, Link, OpenFailure};
use super::route::Route;
use crate::core::{Appended, Guard, Message};
use crate::local::Local;
use crate::observe::spans;
use crate::tiers::Unavailable;
use crate::write::Sender;

/// How often the catch-up looks at the cursor.
const LOOK: Duration = Duration::from_millis(1);

/// What is brought up again: an L2 behind a link.
pub(crate) trait Supervised: Send + Sync + 'static {
    /// The way to its server.
    type Route: Route;

    /// What carries its commands.
    fn link(&self) -> &Link<Self::Route>;

    /// Sends removals on a line that is not in service yet.
    fn invalidate_on(
        &self,
        line: &Arc<Line<Self::Route>>,
        message: &Message,
    ) -> impl Future<Output = Result<Appended, Unavailable>> + Send;
}

/// Connect, fence, send what is pending, catch up with the log; only then in service. Runs until
/// it is aborted. Begun anew after a panic, it goes on with what it finds.
pub(crate) async fn recover_forever<L2: Supervised>(
    l2: Arc<L2>,
    sender: Arc<Sender>,
    local: Arc<Local>,
    name: Arc<str>,
) {
    let mut reported = String::new();
    sender.kick();
    loop {
        l2.link().lost().await;
        l2.link().breaker.half_open();
        match recover(&*l2, &sender, &local, &name).await {
            Ok(()) => {
                reported.clear();
                sender.kick();
                tracing::info!(instance = %name, position = %local.position(), "L2 is in service");
            }
            Err(failure) => {
                let pause = l2.link().breaker.reopen();
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
pub(crate) async fn recover<L2: Supervised>(
    l2: &L2,
    sender: &Sender,
    local: &Local,
    name: &str,
) -> Result<(), OpenFailure> {
    let span = spans::recover(name);
    let recovered = attempt(l2, sender, local).instrument(span.clone()).await;
    if recovered.is_err() {
        spans::failed(&span);
    }
    recovered
}

async fn attempt<L2: Supervised>(
    l2: &L2,
    sender: &Sender,
    local: &Local,
) -> Result<(), OpenFailure> {
    let (line, fenced) = l2.link().open().await?;
    if Guard::FlushBeforeService.holds() {
        sender.flush(l2, &line).await?;
    }
    // An instance that is not proven reads L2 only together with the server's bans, so it need
    // not catch up first.
    let is_behind = || local.is_proven() && local.position() < fenced.position();
    while Guard::CatchUpBeforeService.forbids(is_behind()) {
        tokio::time::sleep(LOOK).await;
    }
    l2.link().serve(line);
    Ok(())
}
