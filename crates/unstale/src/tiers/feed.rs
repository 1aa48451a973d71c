//! The receiving end of the log, whoever provides it, and what is received.

use std::time::Duration;

use super::Unavailable;
use super::hub::HubFeed;
#[cfg(feature = "evidence")]
use super::hub::remote::RemoteFeed;
use super::redis::RedisFeed;
use crate::core::{Fenced, Message, Position, Snapshot};
use crate::local::Local;

/// The receiving end of the log.
pub(crate) enum Feed {
    Redis(RedisFeed),
    Hub(HubFeed),
    #[cfg(feature = "evidence")]
    Remote(RemoteFeed),
}

impl Feed {
    /// Fences again: asks for the history and the tail.
    pub(crate) async fn probe(&self) -> Result<Fenced, Unavailable> {
        provider!(self, feed => feed.probe().await)
    }

    /// Everything that `meta` says.
    pub(crate) async fn snapshot(&self) -> Result<Snapshot, Unavailable> {
        provider!(self, feed => feed.snapshot().await)
    }

    /// The entries after `cursor`, as soon as there are any; none after `wait`. An entry that
    /// cannot be read has no message. With them comes whether these were all there are.
    pub(crate) async fn entries(
        &self,
        cursor: Position,
        wait: Duration,
    ) -> Result<Entries, Unavailable> {
        provider!(self, feed => feed.entries(cursor, wait).await)
    }
}

/// Entries of the log, in their order.
pub(crate) struct Entries {
    pub(crate) entries: Vec<(Position, Content)>,
    /// Whether nothing was left behind them when they were read.
    pub(crate) complete: bool,
}

/// What was received of an entry.
#[derive(Debug)]
pub(crate) enum Content {
    /// All of it.
    Message(Message),
    /// The ids alone of an own one that was acknowledged before: the rest was applied then.
    Confirmed { id: u64, before: u64 },
    /// Nothing that can be understood, which counts as missed.
    Unreadable,
}

impl Content {
    /// What is received of the entry with these ids, which is read only if it says anything new.
    pub(crate) fn of(
        [id, before]: [u64; 2],
        was_confirmed: bool,
        read: impl FnOnce() -> Option<Message>,
    ) -> Self {
        if was_confirmed {
            return Content::Confirmed { id, before };
        }
        read().map_or(Content::Unreadable, Content::Message)
    }

    /// All of it, if it was read.
    #[cfg(feature = "operate")]
    pub(crate) fn into_message(self) -> Option<Message> {
        match self {
            Content::Message(message) => Some(message),
            Content::Confirmed { .. } | Content::Unreadable => None,
        }
    }
}

impl Entries {
    /// Readable ones, with nothing behind them, for the instance that has this.
    pub(crate) fn all(entries: Vec<(Position, Message)>, local: &Local) -> Self {
        let entries = entries.into_iter();
        Self {
            entries: entries
                .map(|(at, message)| {
                    let ids = [message.id, message.before];
                    let was_confirmed = local.was_confirmed(at, message.id);
                    (at, Content::of(ids, was_confirmed, || Some(message)))
                })
                .collect(),
            complete: true,
        }
    }
}
