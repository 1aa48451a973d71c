//! What a partition's `meta` and log say of it.

use std::time::Duration;

use ::redis::streams::StreamInfoStreamReply;
use ::redis::{Cmd, Value, cmd};

use super::Outside;
use crate::core::glob::escape;
use crate::core::{Position, Snapshot};
use crate::operate::{LogReport, NamespaceReport, Trouble};
use crate::tiers::redis::{entries, reply};
use crate::token::Token;

/// Keys looked at, or deleted, in one step.
const STEP: usize = 1000;

impl Outside {
    /// How the partition stands. `None` when no instance has ever used it, or everything was flushed since.
    pub(crate) async fn namespace(&self) -> Result<Option<NamespaceReport>, Trouble> {
        let Some(snapshot) = self.snapshot().await? else {
            return Ok(None);
        };
        Ok(Some(NamespaceReport {
            position: Token::at(self.id(), snapshot.fenced.position()).to_string(),
            tail: snapshot.fenced.tail,
            longest_ttl: snapshot.fenced.longest_ttl,
            bans: snapshot.bans.len() as u64,
            partitions: Vec::new(),
            carrier: self.keyspace().carrier(),
            log: if self.keyspace().channel.is_empty() {
                self.log().await?
            } else {
                None
            },
        }))
    }

    pub(super) async fn snapshot(&self) -> Result<Option<Snapshot>, Trouble> {
        let meta: Value = self.ask(cmd("HGETALL").arg(&self.keyspace().meta)).await?;
        self.read("HGETALL", reply::snapshot(&meta))
    }

    /// The Stream that carries the log; `None` when it is not there.
    async fn log(&self) -> Result<Option<LogReport>, Trouble> {
        let log = &self.keyspace().log;
        let entries: u64 = self.ask(cmd("XLEN").arg(log)).await?;
        if entries == 0 {
            return Ok(None);
        }
        let info: StreamInfoStreamReply = self.ask(cmd("XINFO").arg("STREAM").arg(log)).await?;
        let first = cmd("XRANGE")
            .arg(log)
            .arg("-")
            .arg("+")
            .arg("COUNT")
            .arg(100)
            .clone();
        let last = cmd("XREVRANGE")
            .arg(log)
            .arg("+")
            .arg("-")
            .arg("COUNT")
            .arg(100)
            .clone();
        let (first, last) = (self.sent_at(&first).await?, self.sent_at(&last).await?);
        let last_id: Option<Position> = info.last_generated_id.parse().ok();
        Ok(Some(LogReport {
            entries,
            last: Token::at(self.id(), last_id.unwrap_or_default()).to_string(),
            span: first
                .zip(last)
                .map(|(first, last)| Duration::from_micros(last.saturating_sub(first))),
        }))
    }

    /// When the first of these entries that says so was sent, by its sender's wall clock.
    async fn sent_at(&self, range: &Cmd) -> Result<Option<u64>, Trouble> {
        let range: Value = self.ask(range).await?;
        let read = range.as_sequence().unwrap_or_default().iter();
        let entries = read.filter_map(entries::kept).map(entries::read);
        let messages = entries.filter_map(|(_, message)| message);
        Ok(messages.map(|message| message.sent_at).find(|at| *at > 0))
    }

    /// Deletes every key of the partition. Instances that still use it start over.
    pub(crate) async fn erase(&self) -> Result<u64, Trouble> {
        let pattern = format!("{}*", escape(&self.keyspace().prefix));
        let (mut cursor, mut erased) = (0_u64, 0);
        loop {
            let mut scan = cmd("SCAN");
            scan.arg(cursor)
                .arg("MATCH")
                .arg(&pattern)
                .arg("COUNT")
                .arg(STEP);
            let (next, keys): (u64, Vec<Vec<u8>>) = self.ask(&scan).await?;
            if !keys.is_empty() {
                erased += self.ask::<u64>(cmd("UNLINK").arg(keys)).await?;
            }
            cursor = next;
            if cursor == 0 {
                return Ok(erased);
            }
        }
    }

    /// What an answer means, where that can fail.
    pub(super) fn read<T>(
        &self,
        asked: &str,
        answer: ::redis::RedisResult<T>,
    ) -> Result<T, Trouble> {
        answer.map_err(|error| super::trouble(&self.endpoint, asked, error))
    }
}
