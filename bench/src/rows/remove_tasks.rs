//! 64 tasks that remove one key after the other, each its own keys: how many removals a second.
//!
//! By hand: each task sends DEL, or XADD and DEL in one transaction, on the shared connection; and,
//! as the most that the server can do, 64 keys in one DEL with one XADD.

use std::time::Duration;

use anyhow::Result;
use redis::AsyncCommands as _;

use super::Row;
use super::crowd::{Crowd, RATE, TASKS, Task, ours};
use crate::measure::{Contender, Outcome, Target};
use crate::setup::{Bed, Log, MultiTier, Raw, Run, cache, config};

pub(super) const ROW: Row = Row {
    name: "remove-tasks",
    title: "64 tasks that remove at once",
    measure,
};

fn measure(run: &Run) -> Result<Outcome> {
    let bed = Bed::start()?;
    let streams = bed.block_on(cache(&config(&bed, Log::Stream)?, "removing"))?;
    let pub_sub = bed.block_on(cache(&config(&bed, Log::PubSub)?, "removing"))?;
    let raw = bed.block_on(Raw::connect(&bed.url()))?;
    let multi = bed.block_on(MultiTier::start(&bed.url(), 200_000))?;
    let crowd = Crowd::new(&bed, TASKS, run.span(Duration::from_secs(2)));
    let contenders = vec![
        Contender::new("unstale", |_| {
            crowd.rate(|task| ours(task, streams.clone()))
        }),
        Contender::new("unstale, Pub/Sub", |_| {
            crowd.rate(|task| ours(task, pub_sub.clone()))
        }),
        Contender::new("DEL", |_| crowd.rate(|task| deletes(task, raw.clone()))),
        Contender::new("XADD and DEL", |_| {
            crowd.rate(|task| logs_and_deletes(task, raw.clone(), 1))
        }),
        Contender::new("64 keys by hand", |_| {
            crowd.rate(|task| logs_and_deletes(task, raw.clone(), 64))
        }),
        Contender::new("multi-tier-cache", |_| {
            crowd.rate(|task| theirs(task, multi.clone()))
        }),
    ];
    let mut outcome = Outcome::of(run.rounds().interleave(contenders)?);
    let of = |who| [who, RATE];
    for (who, log) in [("unstale", "Streams"), ("unstale, Pub/Sub", "Pub/Sub")] {
        let what = |rest: &str| format!("remove ({log}), 64 tasks{rest}");
        outcome.claim_value(&what(""), of(who), Target::AtLeast(400_000.0));
        let multi = of("multi-tier-cache");
        outcome.claim_ratio(&what(", times"), of(who), multi, Target::AtLeast(10.0));
        for other in ["DEL", "XADD and DEL", "64 keys by hand"] {
            outcome.claim_ratio(&what(", times"), of(who), of(other), Target::None);
        }
    }
    Ok(outcome)
}

async fn theirs(mut task: Task, multi: MultiTier) -> Result<u64> {
    let mut removed = 0;
    while let Some(key) = task.next() {
        multi.manager().invalidate(key).await?;
        removed += 1;
    }
    Ok(removed)
}

async fn deletes(mut task: Task, raw: Raw) -> Result<u64> {
    let mut connection = raw.connection();
    let mut removed = 0;
    while let Some(key) = task.next() {
        let _: u64 = connection.del(key).await?;
        removed += 1;
    }
    Ok(removed)
}

/// Log entry and deletion of so many keys at a time, in one transaction.
async fn logs_and_deletes(mut task: Task, raw: Raw, at_once: usize) -> Result<u64> {
    let mut connection = raw.connection();
    let mut removed = 0;
    loop {
        let mut keys = Vec::with_capacity(at_once);
        while keys.len() < at_once
            && let Some(key) = task.next()
        {
            keys.push(key.to_owned());
        }
        if keys.is_empty() {
            return Ok(removed);
        }
        let mut both = redis::pipe();
        both.atomic();
        both.cmd("XADD").arg("by-hand:log").arg("MAXLEN").arg("~");
        both.arg(10_000).arg("*").arg("k").arg(keys.join(" "));
        both.cmd("DEL").arg(&keys);
        let _: redis::Value = both.query_async(&mut connection).await?;
        removed += keys.len() as u64;
    }
}
