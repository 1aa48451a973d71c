//! The reader of the log: one per partition, on a connection of its own.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tracing::Instrument;

use super::pace::Pace;
use crate::clock;
use crate::core::{Guard, Message, Position, Received, Tick};
use crate::local::Local;
use crate::observe::{Invalidations, spans};
use crate::protect::Pauses;
use crate::tiers::{Content, Entries, Feed, Shared, Unavailable};
use crate::token::Token;
use crate::write::Sender;

/// Pauses between attempts to reach the log.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LAST_PAUSE: Duration = Duration::from_secs(2);

/// Follows the log, applies what others invalidate, and proves that nothing was missed.
pub(crate) struct Reader {
    pub(crate) local: Arc<Local>,
    pub(crate) shared: Arc<Shared>,
    /// Takes an own entry for the answer to what it has sent.
    pub(crate) sender: Arc<Sender>,
    /// The random id of this instance, by which it knows its own messages.
    pub(crate) origin: u64,
    pub(crate) invalidations: Arc<Invalidations>,
    /// How this instance calls itself in logs.
    pub(crate) name: Arc<str>,
    /// How long one read blocks, and how often a probe is sent.
    pub(crate) poll_interval: Duration,
    /// What the readers of this instance have to do.
    pub(crate) pace: Arc<Pace>,
    /// Whether the log has been followed before: then a resynchronisation means a loss.
    pub(crate) followed: AtomicBool,
}

/// The log cannot be read. This is reported once, and again only when it could be in between.
struct Outage<'a> {
    /// The instance's, for logs.
    name: &'a str,
    pauses: Pauses,
    reported: bool,
}

impl Outage<'_> {
    async fn goes_on(&mut self, failure: Unavailable) {
        if !std::mem::replace(&mut self.reported, true) {
            tracing::warn!(instance = %self.name, %failure, "the log cannot be read; trying again");
        }
        tokio::time::sleep(self.pauses.next()).await;
    }

    fn is_over(&mut self) {
        if std::mem::take(&mut self.reported) {
            self.pauses.start_over();
            tracing::info!(instance = %self.name, "the log can be read again");
        }
    }
}

impl Reader {
    /// Runs until it is aborted. Without a log there is no proof, and L1 is out of use.
    pub(crate) async fn read_forever(self: Arc<Self>) {
        let mut outage = Outage {
            name: &self.name,
            pauses: Pauses::growing(FIRST_PAUSE, LAST_PAUSE),
            reported: false,
        };
        loop {
            let failure = match self.shared.listen().await {
                Ok(feed) => self.follow(&feed, &mut outage).await,
                Err(failure) => failure,
            };
            outage.goes_on(failure).await;
        }
    }

    /// Follows the log on one connection, until that fails.
    async fn follow(&self, feed: &Feed, outage: &mut Outage<'_>) -> Unavailable {
        let mut probe_due = clock::now();
        loop {
            let read = match self.turn(feed, &mut probe_due).await {
                Ok(read) => read,
                Err(failure) => return failure,
            };
            let Some(count) = read else {
                continue;
            };
            outage.is_over();
            if let Some(pause) = self.pace.after(count, clock::now()) {
                tokio::time::sleep(pause).await;
            }
        }
    }

    /// Probes when it is time, then reads and applies what there is. Says how many entries that was;
    /// nothing where something is left to do at once. They are read after the probe was answered, so
    /// what it counted and they lack is lost.
    async fn turn(&self, feed: &Feed, probe_due: &mut Tick) -> Result<Option<usize>, Unavailable> {
        let now = clock::now();
        // A history that was broken ends at once: others go on in it.
        if now >= *probe_due || self.local.with(|partition, _| partition.is_disowned()) {
            let fenced = if Guard::ProbeIsTheFence.holds() {
                feed.probe().await?
            } else {
                feed.snapshot().await?.fenced
            };
            let proven_from = if Guard::ProofFromSending.holds() {
                now
            } else {
                clock::now()
            };
            let asks_again = self.local.with(|partition, copies| {
                partition.probed(proven_from, fenced, copies);
                partition.is_disowned() || partition.has_unseen()
            });
            *probe_due = if asks_again {
                now
            } else {
                now + self.poll_interval
            };
        }
        let (synced, disowned) = self
            .local
            .with(|partition, _| (partition.is_synced(), partition.is_disowned()));
        if disowned {
            return Ok(None);
        }
        if !synced {
            let span = spans::resynchronise(&self.name);
            let resynchronised = self.resynchronise(feed).instrument(span.clone()).await;
            if resynchronised.is_err() {
                spans::failed(&span);
            }
            resynchronised?;
            *probe_due = now;
            return Ok(None);
        }
        let wait = probe_due.since(clock::now());
        let Entries { entries, complete } = feed.entries(self.local.position(), wait).await?;
        let count = if complete { entries.len() } else { 0 };
        for (position, content) in entries {
            match self.apply(position, content) {
                Received::Applied | Received::Old => {}
                Received::Gap => {
                    tracing::warn!(instance = %self.name, %position, "entries of the log are missing");
                    return Ok(None);
                }
                Received::Disowned => {
                    tracing::warn!(instance = %self.name, %position, "the server has gone back: the position was given before");
                    return Ok(None);
                }
            }
        }
        if complete && !self.local.with(|partition, _| partition.is_complete()) {
            tracing::warn!(instance = %self.name, "the log has lost its tail");
        }
        Ok(Some(count))
    }

    fn apply(&self, position: Position, content: Content) -> Received {
        let (message, own, known) = match content {
            Content::Confirmed { id, before } => {
                let message = Message {
                    id,
                    before,
                    ..Message::default()
                };
                (message, true, true)
            }
            Content::Message(message) => {
                let own = message.origin == self.origin;
                // It may have been acknowledged since it was read. One that was given up and is
                // executed late is as new to this instance as anybody else's.
                let known = own && self.local.was_confirmed(position, message.id);
                (message, own, known)
            }
            // It may have said anything.
            Content::Unreadable => {
                self.local.with(|partition, _| partition.lose_track());
                return Received::Gap;
            }
        };
        let now = clock::now();
        let received = self
            .local
            .with(|partition, copies| partition.receive(position, &message, known, now, copies));
        if received != Received::Applied {
            return received;
        }
        if own && !known {
            self.sender.appeared(position, message.id);
        }
        if !own && message.sent_at > 0 {
            self.invalidations
                .received(message.changes.len(), message.sent_at);
            let place = Token::at(self.local.id, position);
            self.invalidations.events.received(&place, &message);
            tracing::debug!(instance = %self.name, %position, changes = message.changes.len(), "removal received");
        }
        received
    }

    /// Takes the tail and the bans, and starts over from there with an empty L1.
    async fn resynchronise(&self, feed: &Feed) -> Result<(), Unavailable> {
        let snapshot = feed.snapshot().await?;
        let now = clock::now();
        let resumed = self
            .local
            .with(|partition, copies| partition.resume(&snapshot, now, copies));
        if !resumed {
            return Err(Unavailable::NotFenced);
        }
        if self.followed.swap(true, Ordering::Relaxed) {
            self.invalidations.gap();
        }
        self.invalidations.resync();
        let position = snapshot.fenced.position();
        let place = Token::at(self.local.id, position);
        self.invalidations.events.resynchronised(&place);
        tracing::info!(instance = %self.name, %position, "following the log");
        Ok(())
    }
}
