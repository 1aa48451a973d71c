//! One post that appears in 1,000 feeds: as many patterns are removed at once.
//!
//! 1,000 keys are in L2, which is as few as `multi-tier-cache` could wish for: it scans them once
//! for each pattern.

use std::time::Instant;

use anyhow::{Result, ensure};
use redis::AsyncCommands as _;

use super::Row;
use crate::measure::{Contender, Figure, Outcome, Target, Unit};
use crate::setup::{Bed, Log, MultiTier, Raw, Run, cache, config};

pub(super) const ROW: Row = Row {
    name: "fan-out",
    title: "1,000 patterns removed by one post",
    measure,
};

const FEEDS: usize = 1000;
const TIME: &str = "time";
const TRIPS: &str = "round trips";

/// Posts measured in a round.
const POSTS: usize = 20;

fn measure(run: &Run) -> Result<Outcome> {
    let bed = Bed::start()?;
    let ours = bed.block_on(cache(&config(&bed, Log::Stream)?, "posting"))?;
    let multi = bed.block_on(MultiTier::start(&bed.url(), 10_000))?;
    let raw = bed.block_on(Raw::connect(&bed.url()))?;
    let patterns: Vec<_> = (0..FEEDS)
        .map(|user| format!("feed:user:{user}:page:*"))
        .collect();
    bed.block_on(async {
        let mut connection = raw.connection();
        let pages = (0..FEEDS).map(|user| (format!("page:of:{user}"), "x".repeat(60)));
        let pages: Vec<_> = pages.collect();
        anyhow::Ok(connection.mset::<_, _, ()>(&pages).await?)
    })?;
    let posts = run.count(POSTS);
    let contenders = vec![
        Contender::new("unstale", |_| {
            bed.block_on(async {
                let sent = ours.invalidations().sent_batches;
                let began = Instant::now();
                for _ in 0..posts {
                    let removed = ours.remove_patterns(&patterns).await;
                    ensure!(removed.is_applied(), "a ban was not confirmed");
                }
                let each = began.elapsed().as_nanos() as f64 / posts as f64;
                let trips = ours.invalidations().sent_batches - sent;
                Ok(vec![
                    Figure::new(TIME, Unit::Nanoseconds, each),
                    Figure::new(TRIPS, Unit::Count, trips as f64 / posts as f64),
                ])
            })
        }),
        Contender::new("multi-tier-cache", |round| {
            if round > 2 {
                return Ok(vec![]);
            }
            bed.block_on(async {
                let began = Instant::now();
                for pattern in &patterns {
                    multi.manager().invalidate_pattern(pattern).await?;
                }
                let took = began.elapsed().as_nanos() as f64;
                Ok(vec![Figure::new(TIME, Unit::Nanoseconds, took)])
            })
        }),
    ];
    let mut outcome = Outcome::of(run.rounds().interleave(contenders)?);
    let what = "1,000 patterns in one post";
    outcome.claim_value(what, ["unstale", TIME], Target::AtMost(5e6));
    let what = "1,000 patterns in one post: round trips";
    outcome.claim_value(what, ["unstale", TRIPS], Target::AtMost(1.0));
    let what = "1,000 patterns: times faster than";
    let (ours, multi) = (["unstale", TIME], ["multi-tier-cache", TIME]);
    outcome.claim_advantage(what, ours, multi, Target::None);
    Ok(outcome)
}
