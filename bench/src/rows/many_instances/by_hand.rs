//! The same with the `redis` crate: XADD and DEL in one transaction, XREAD on every instance.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use redis::streams::StreamId;
use tokio::task::JoinSet;

use super::turns::{Schedule, watched_number};
use super::{PACE, PATIENCE, Turn};
use crate::setup::Raw;

const STREAM: &str = "by-hand:log";

pub(super) async fn measured(sending: &[Raw], reading: &[Raw], span: Duration) -> Result<Turn> {
    let mut add = redis::cmd("XADD");
    add.arg(STREAM).arg("*").arg("k").arg("first");
    let cursor: String = add.query_async(&mut sending[0].connection()).await?;
    let schedule = Schedule::begin(PACE, span, 0);
    let mut readers = JoinSet::new();
    for raw in reading {
        readers.spawn(follow(raw.clone(), cursor.clone(), schedule.count()));
    }
    let mut senders = JoinSet::new();
    for (instance, raw) in sending.iter().enumerate() {
        let (mut turns, mut connection) = (schedule.turns(instance), raw.connection());
        senders.spawn(async move {
            while let Some(key) = turns.next().await {
                let mut both = redis::pipe();
                both.atomic();
                both.cmd("XADD").arg(STREAM).arg("MAXLEN").arg("~");
                both.arg(10_000).arg("*").arg("k").arg(&key);
                both.cmd("DEL").arg(&key);
                let _: redis::Value = both.query_async(&mut connection).await?;
            }
            anyhow::Ok(())
        });
    }
    while let Some(ended) = senders.join_next().await {
        ended??;
    }
    let (removed, took) = schedule.done();
    let mut arrivals = Vec::new();
    let all = async {
        while let Some(ended) = readers.join_next().await {
            arrivals.extend(ended??);
        }
        anyhow::Ok(())
    };
    let all = tokio::time::timeout(PATIENCE, all).await;
    all.context("a reader did not get everything")??;
    Ok(Turn {
        latencies: schedule.latencies(arrivals)?,
        removed,
        took,
    })
}

/// Reads so many entries, and returns when the watched ones arrived.
async fn follow(raw: Raw, cursor: String, count: usize) -> Result<Vec<(usize, Instant)>> {
    let mut arrived = Vec::new();
    let note = |entry: &StreamId, now| {
        let key: String = entry.get("k").context("an entry without a key")?;
        arrived.extend(watched_number(&key).map(|number| (number, now)));
        Ok(())
    };
    raw.follow(STREAM, cursor, count, note).await?;
    Ok(arrived)
}
