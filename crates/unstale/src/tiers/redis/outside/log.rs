//! The log as it happens, for somebody who only looks.

use std::time::Duration;

use ::redis::RedisError;

use super::{Outside, trouble};
use crate::core::{Change, Message, Position, Scope};
use crate::operate::{LogEntry, Trouble};
use crate::partitions::PartitionId;
use crate::protect::Route;
use crate::tiers::Unavailable;
use crate::tiers::redis::feed::RedisFeed;
use crate::token::Token;

/// Follows the log of one partition from some position on.
pub(crate) struct Watch {
    feed: RedisFeed,
    partition: PartitionId,
    endpoint: String,
    cursor: Position,
    /// Before the first entry of the log nothing is known to be missing.
    is_contiguous: bool,
}

impl Outside {
    /// Follows the log: from its end, or from the oldest entry that it still has. `None` when the
    /// namespace is empty.
    pub(crate) async fn watch(&self, from_oldest: bool) -> Result<Option<Watch>, Trouble> {
        let server = &self.route.servers()[self.server];
        let opened = tokio::time::timeout(
            self.patience,
            RedisFeed::open(&self.route, server, self.patience),
        );
        let feed = match opened.await {
            Ok(Ok(feed)) => feed,
            Ok(Err(error)) => return Err(trouble(&self.endpoint, "to be followed", error)),
            Err(_) => {
                return Err(Trouble::Silent {
                    endpoint: self.endpoint.clone(),
                    after: self.patience,
                });
            }
        };
        let Some(snapshot) = self.snapshot().await? else {
            return Ok(None);
        };
        let cursor = if from_oldest {
            Position::ORIGIN
        } else {
            snapshot.fenced.position()
        };
        Ok(Some(Watch {
            feed,
            partition: self.id(),
            endpoint: self.endpoint.clone(),
            cursor,
            is_contiguous: !from_oldest,
        }))
    }
}

impl Watch {
    /// The entries that come within `wait`, as soon as there are any.
    pub(crate) async fn next(&mut self, wait: Duration) -> Result<Vec<LogEntry>, Trouble> {
        let read = self.feed.entries(self.cursor, wait).await;
        let read = read.map_err(|failure| self.broken(failure))?;
        let mut entries = Vec::new();
        for (position, content) in read.entries {
            // What was published before the tail was taken is no news.
            if position > self.cursor {
                entries.push(self.entry(position, content.into_message()));
            }
        }
        Ok(entries)
    }

    fn entry(&mut self, position: Position, message: Option<Message>) -> LogEntry {
        let before = std::mem::replace(&mut self.cursor, position);
        let known = std::mem::replace(&mut self.is_contiguous, true);
        let new_epoch = known && position.epoch != before.epoch;
        let missing = if known && !new_epoch {
            position.seq - before.seq - 1
        } else {
            0
        };
        let readable = message.is_some();
        let message = message.unwrap_or_default();
        let mut entry = LogEntry {
            position: Token::at(self.partition, position).to_string(),
            missing,
            new_epoch,
            readable,
            origin: (message.origin > 0)
                .then(|| super::super::heartbeat::origin_text(message.origin)),
            sent_at: (message.sent_at > 0).then_some(message.sent_at),
            longest_ttl: message.longest_ttl,
            keys: Vec::new(),
            patterns: Vec::new(),
            tags: Vec::new(),
        };
        for change in &message.changes {
            match change {
                Change::Key(key) => entry.keys.push(key.to_string()),
                Change::Ban(Scope::Tag(tag)) => entry.tags.push(tag.to_string()),
                Change::Ban(scope) => entry.patterns.push(pattern(scope)),
            }
        }
        entry
    }

    fn broken(&self, failure: Unavailable) -> Trouble {
        if let Unavailable::Server(error) = &failure
            && let Some(error) = error.downcast_ref::<RedisError>()
        {
            return trouble(&self.endpoint, "XREAD", error.clone());
        }
        Trouble::Unreachable {
            endpoint: self.endpoint.clone(),
            source: failure.into(),
        }
    }
}

/// A pattern as people write it.
pub(super) fn pattern(scope: &Scope) -> String {
    let text = scope.to_string();
    text.strip_prefix("p:").map(str::to_owned).unwrap_or(text)
}
