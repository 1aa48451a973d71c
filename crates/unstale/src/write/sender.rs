//! The sender: one batch in flight, the next one gathering behind it.

mod settling;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::Notify;

use super::in_flight::{InFlight, SharedOutbox};
use super::receipt::Receipt;
use super::unanswered::Unanswered;
use super::{BATCH, message};
use crate::clock;
use crate::config::Config;
use crate::core::{Batch, Change, Guard, Message, Outbox, Scope, Tick};
use crate::local::Local;
use crate::observe::Invalidations;
use crate::protect::{Line, Pauses, Supervised};
use crate::tiers::{Shared, Unavailable};

/// Pauses before a batch that failed is sent again while the server is in service.
const FIRST_PAUSE: Duration = Duration::from_millis(20);
const LAST_PAUSE: Duration = Duration::from_millis(200);

/// Sends removals until they are confirmed.
pub(crate) struct Sender {
    local: Arc<Local>,
    shared: Arc<Shared>,
    origin: u64,
    outbox: SharedOutbox,
    /// What the task that sends has in flight.
    unanswered: Unanswered,
    /// What a server that answers works off in this time is no backlog, however much a call brings.
    patience: Duration,
    /// Something may be waiting to be sent.
    due: Notify,
    /// The cache is gone: what fails now is not tried again.
    retired: AtomicBool,
    /// The last batch failed: an outage is reported once.
    failing: AtomicBool,
    invalidations: Arc<Invalidations>,
    /// How this instance calls itself in logs.
    name: Arc<str>,
}

impl Sender {
    pub(crate) fn new(
        config: &Config,
        local: Arc<Local>,
        shared: Arc<Shared>,
        origin: u64,
        invalidations: Arc<Invalidations>,
        name: Arc<str>,
    ) -> Self {
        Self {
            local,
            shared,
            origin,
            outbox: Arc::new(Mutex::new(Outbox::new(config.max_pending))),
            unanswered: Unanswered::default(),
            patience: config.redis.answer_timeout(),
            due: Notify::new(),
            retired: AtomicBool::new(false),
            failing: AtomicBool::new(false),
            invalidations,
            name,
        }
    }

    /// Removals that are not acknowledged, in flight or waiting.
    pub(crate) fn pending(&self) -> usize {
        self.outbox.lock().unacknowledged()
    }

    /// Begins removals and has them sent.
    pub(crate) fn submit(&self, changes: Vec<Change>, receipt: &Arc<Receipt>) {
        let now = clock::now();
        self.local.begin(&changes, now);
        // While nobody sends there is no answer to wait for; whoever brings the server back into
        // service flushes the outbox, then kicks.
        let answered = self.shared.is_up();
        let replaced = self.enqueue(changes, answered.then_some(receipt), now);
        if answered || self.shared.is_up() {
            self.kick();
        }
        self.tell_of_collapse(replaced);
    }

    /// Has changes sent that have begun already, and for which nobody waits.
    pub(crate) fn resubmit(&self, changes: Vec<Change>) {
        let replaced = self.enqueue(changes, None, clock::now());
        self.kick();
        self.tell_of_collapse(replaced);
    }

    /// The cache is gone. What waits is sent once more, and given up if that fails.
    pub(crate) fn retire(&self) {
        self.retired.store(true, Ordering::Release);
        self.kick();
    }

    /// Sees to it that what waits is sent.
    pub(crate) fn kick(&self) {
        self.due.notify_one();
    }

    /// Sends whatever there is, until the cache is gone: one batch is in flight at a time, but for what
    /// the supervisor flushes on a line that is not in service yet.
    pub(crate) async fn send_forever(self: Arc<Self>) {
        loop {
            self.send_all().await;
            if self.retired.load(Ordering::Acquire) {
                return;
            }
            self.due.notified().await;
        }
    }

    /// Sends until nothing waits any longer, or the server is out of service: then the supervisor
    /// takes over, and nobody is kept waiting for it.
    async fn send_all(&self) {
        let mut pauses = Pauses::growing(FIRST_PAUSE, LAST_PAUSE);
        while self.shared.is_up() {
            match self.send_next(&mut pauses).await {
                0 => return,
                // Who removes alone would wait while another worker of the runtime is woken, which
                // stepping aside entails.
                1 if self.outbox.lock().is_empty() => return,
                // Those who were answered may have more to remove: it goes into the next batch.
                _ => tokio::task::yield_now().await,
            }
        }
        self.outbox.lock().release_waiters();
    }

    /// Sends everything that waits now, on a line that is not in service yet. What begins in the
    /// meantime is pending here, so its reads keep to the source, and it is sent when the line is in
    /// service: a service that never stops writing would never get its L2 back if it were waited for.
    pub(crate) async fn flush<L2: Supervised>(
        &self,
        l2: &L2,
        line: &Arc<Line<L2::Route>>,
    ) -> Result<(), Unavailable> {
        let mut due = self.outbox.lock().waiting();
        while due > 0 {
            let batch = InFlight::take(&self.outbox, BATCH.min(due));
            if batch.is_empty() {
                break;
            }
            due -= batch.len();
            let result = match self.message(&batch) {
                Ok(message) => {
                    let answer = l2.invalidate_on(line, &message).await;
                    answer.map(|appended| (appended, message))
                }
                Err(failure) => Err(failure),
            };
            self.settle(batch, result)?;
        }
        Ok(())
    }

    /// Sends one batch. How many changes that were: none when there was nothing to send.
    async fn send_next(&self, pauses: &mut Pauses) -> usize {
        let batch = InFlight::take(&self.outbox, BATCH);
        let count = batch.len();
        if count == 0 {
            return 0;
        }
        let settled = match self.message(&batch) {
            Ok(message) => self.send(message, batch).await,
            Err(failure) => self.settle(batch, Err(failure)),
        };
        if let Err(failure) = settled {
            tracing::debug!(instance = %self.name, %failure, "a batch of removals failed");
            if self.retired.load(Ordering::Acquire) {
                return 0;
            }
            if self.shared.is_up() {
                tokio::time::sleep(pauses.next()).await;
            }
        }
        count
    }

    /// Sends it, and waits for the server's answer: it tells also whether the connection is of use.
    async fn send(&self, message: Arc<Message>, batch: InFlight) -> Result<(), Unavailable> {
        let _asking = self.unanswered.add(&message, batch);
        let answer = self.shared.invalidate(&message).await;
        match self.unanswered.take() {
            Some((message, batch)) => self.settle(batch, answer.map(|at| (at, message))),
            // The log has brought the answer before.
            None => Ok(()),
        }
    }

    fn message(&self, batch: &Batch<Arc<Receipt>>) -> Result<Arc<Message>, Unavailable> {
        let changes = batch.iter().map(|(change, _)| change.clone());
        message(self.origin, changes.collect()).map(Arc::new)
    }

    /// Returns how many changes one ban on everything has taken the place of.
    fn enqueue(&self, changes: Vec<Change>, receipt: Option<&Arc<Receipt>>, now: Tick) -> usize {
        let answers = self.shared.is_up() && !self.failing.load(Ordering::Relaxed);
        let patience = if answers {
            self.patience
        } else {
            Duration::ZERO
        };
        let mut outbox = self.outbox.lock();
        for change in changes {
            outbox.push(change, receipt.cloned());
        }
        self.collapse_if_over(&mut outbox, patience, now)
    }

    /// With nothing locked and nothing left to do, because a subscriber may ask the cache, or panic; and
    /// not in the middle of a panic, where another would end the process.
    fn tell_of_collapse(&self, replaced: usize) {
        if replaced > 0 && !std::thread::panicking() {
            tracing::warn!(
                instance = %self.name,
                replaced,
                "too many removals are pending: all keys are banned"
            );
        }
    }

    /// If too many have been waiting for as long as `patience`, one ban on everything takes their place:
    /// of so many. It begins before they end.
    fn collapse_if_over(
        &self,
        outbox: &mut Outbox<Arc<Receipt>>,
        patience: Duration,
        now: Tick,
    ) -> usize {
        let Some(replaced) = outbox.collapse_if_over(patience, now) else {
            return 0;
        };
        self.invalidations.collapse();
        if Guard::OverflowBecomesBan.holds() {
            self.local.begin(&[Change::Ban(Scope::All)], now);
        }
        let ended = replaced.iter().map(|(change, count)| (change, *count));
        self.local.end(ended, now);
        replaced.len()
    }
}
