//! What happens on one instance, told as it happens.

use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tokio::sync::broadcast::{self, error::RecvError};

use crate::clock;
use crate::core::{Change, Message, Scope};
use crate::token::Token;

/// How many events wait for a listener; a slower one misses the oldest.
const KEPT: usize = 1024;

/// Something that happened on one instance.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// Removals of this instance were acknowledged.
    Sent(Removal),
    /// Removals of another instance took effect here: the copies are gone.
    Received(Removal),
    /// Something was missing: all copies were dropped, and the log was taken up here.
    Resynchronised {
        /// As `epoch-seq`, or as a [`Token`] is written.
        position: String,
    },
    /// The listener was too slow for so many events.
    Missed(u64),
}

/// One entry of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Removal {
    /// Its place in the log, as `epoch-seq`, or as a [`Token`] is written where there are several
    /// partitions. A removal from several is an entry, and an event, in each.
    pub position: String,
    /// What it is about.
    pub removed: Arc<[Removed]>,
    /// From its sending until this happened, by the wall clocks of both instances.
    pub took: Duration,
}

/// What was removed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Removed {
    /// The value of one key.
    Key(Arc<str>),
    /// All values whose keys match.
    Pattern(String),
    /// All values that carry this tag.
    Tag(Arc<str>),
}

impl fmt::Display for Removed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Key(key) => f.write_str(key),
            Self::Pattern(pattern) => write!(f, "pattern {pattern}"),
            Self::Tag(tag) => write!(f, "tag {tag}"),
        }
    }
}

impl From<&Change> for Removed {
    fn from(change: &Change) -> Self {
        match change {
            Change::Key(key) => Self::Key(key.clone()),
            Change::Ban(Scope::Tag(tag)) => Self::Tag(tag.clone()),
            Change::Ban(pattern) => {
                let written = pattern.to_string();
                Self::Pattern(written.strip_prefix("p:").unwrap_or(&written).to_owned())
            }
        }
    }
}

/// The events of one instance, from when they were asked for; see
/// [`Cache::events`](crate::Cache::events).
#[derive(Debug)]
pub struct Events(broadcast::Receiver<Event>);

impl Events {
    /// The next event; `None` when the cache is gone. Nothing is lost when this future is dropped.
    pub async fn next(&mut self) -> Option<Event> {
        match self.0.recv().await {
            Ok(event) => Some(event),
            Err(RecvError::Lagged(missed)) => Some(Event::Missed(missed)),
            Err(RecvError::Closed) => None,
        }
    }
}

/// Tells events to whoever listens; nothing is done for nobody.
#[derive(Debug, Default)]
pub(crate) struct Announcer(OnceLock<broadcast::Sender<Event>>);

impl Announcer {
    pub(crate) fn listen(&self) -> Events {
        let sender = self.0.get_or_init(|| broadcast::Sender::new(KEPT));
        Events(sender.subscribe())
    }

    pub(crate) fn sent(&self, position: &Token, message: &Message) {
        self.tell(|| Event::Sent(Removal::new(position, message)));
    }

    pub(crate) fn received(&self, position: &Token, message: &Message) {
        self.tell(|| Event::Received(Removal::new(position, message)));
    }

    pub(crate) fn resynchronised(&self, position: &Token) {
        self.tell(|| Event::Resynchronised {
            position: position.to_string(),
        });
    }

    fn tell(&self, event: impl FnOnce() -> Event) {
        if let Some(sender) = self.0.get()
            && sender.receiver_count() > 0
        {
            // The last listener may have left meanwhile.
            let _ = sender.send(event());
        }
    }
}

impl Removal {
    fn new(position: &Token, message: &Message) -> Self {
        let lag = clock::wall_micros().saturating_sub(message.sent_at);
        Self {
            position: position.to_string(),
            removed: message.changes.iter().map(Removed::from).collect(),
            took: Duration::from_micros(lag),
        }
    }
}
