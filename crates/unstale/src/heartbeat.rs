//! Tells operators of this instance every few seconds, for as long as it lives.
//!
//! Nothing depends on it: what fails is left out until the next time.

use std::collections::HashMap;
use std::sync::{Arc, Weak};
use std::time::Duration;

use crate::cache::Cache;
use crate::clock;
use crate::config::Config;
use crate::core::Tick;
use crate::instance::Instance;
use crate::observe::{Heartbeat, PatternPulse, PatternStats};
use crate::partitions::Slice;
use crate::protect::Supervised;
use crate::tiers::Redis;

/// A record outlives so many heartbeats that are missing, so that people see who fell silent.
const KEPT_FOR: u32 = 30;

/// No more key patterns are told of than this.
const MOST_PATTERNS: usize = 20;

/// Until the first one is heard, it is tried this often.
const LOOK: Duration = Duration::from_millis(100);

/// Runs until the instance is gone, or this is aborted.
pub(crate) async fn beat_forever(instance: Weak<Instance>, redis: Arc<Redis>, config: Config) {
    let every = config.heartbeat.interval;
    let mut teller = Teller::new(&config, &redis);
    let mut was_heard = false;
    loop {
        let Some((origin, said)) = instance.upgrade().map(|instance| {
            let origin = instance.origin;
            let lag_elsewhere = instance.partitions.iter().skip(1).map(Slice::lag).sum();
            (origin, teller.tell(&Cache::new(instance), lag_elsewhere))
        }) else {
            return;
        };
        match redis.beat(origin, &said, every * KEPT_FOR).await {
            Ok(()) => was_heard = true,
            Err(failure) => {
                tracing::debug!(%failure, "a heartbeat was left out");
                if was_heard {
                    try_line(&redis).await;
                }
            }
        }
        let pause = if was_heard { every } else { every.min(LOOK) };
        tokio::time::sleep(pause).await;
    }
}

/// What becomes of a heartbeat decides about no line. But an instance that is asked for nothing would not
/// notice otherwise that its line is dead, and would be silent until it is.
async fn try_line(redis: &Redis) {
    let fence = redis
        .link()
        .run(|line| async move { line.fence_again().await });
    if let Err(failure) = fence.await {
        tracing::debug!(%failure, "the line of commands fails too");
    }
}

/// Composes heartbeats, and remembers the last one's figures: rates count from there.
struct Teller {
    constant: Heartbeat,
    last: Figures,
}

/// What has been counted up to some moment.
struct Figures {
    at: Tick,
    reads: HashMap<String, u64>,
    removals: u64,
    received: u64,
}

impl Teller {
    fn new(config: &Config, redis: &Redis) -> Self {
        let constant = Heartbeat {
            name: config.stream.consumer_name.clone(),
            group: config.stream.consumer_group.clone(),
            host: gethostname::gethostname().to_string_lossy().into_owned(),
            pid: std::process::id(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            started: clock::wall_micros() / 1000,
            interval: crate::tiers::record::millis(config.heartbeat.interval),
            log: redis.carrier(),
            max_stream_length: config.stream.max_stream_length,
            ..Heartbeat::default()
        };
        let last = Figures {
            at: clock::now(),
            reads: HashMap::new(),
            removals: 0,
            received: 0,
        };
        Self { constant, last }
    }

    fn tell(&mut self, cache: &Cache, lag_elsewhere: u64) -> String {
        let (health, removals) = (cache.health(), cache.invalidations());
        let mut patterns = cache.effectiveness().patterns;
        let now = Figures {
            at: clock::now(),
            reads: patterns
                .iter()
                .map(|pattern| (pattern.pattern.clone(), pattern.requests()))
                .collect(),
            removals: removals.total,
            received: removals.received,
        };
        let last = std::mem::replace(&mut self.last, now);
        let now = &self.last;
        let span = now.at.since(last.at);
        let rate = |now: u64, before: u64| per_second(now.saturating_sub(before), span);
        let reads_of = |pattern: &PatternStats| {
            let before = last.reads.get(&pattern.pattern).copied();
            pattern.requests().saturating_sub(before.unwrap_or(0))
        };
        let reads = patterns.iter().map(reads_of).sum();
        patterns.sort_by_cached_key(|pattern| {
            std::cmp::Reverse((reads_of(pattern), pattern.requests()))
        });
        let heartbeat = Heartbeat {
            healthy: health.healthy,
            proven: health.proven,
            proof_age: health.proof_age.map(|age| age.as_millis() as u64),
            position: health.position,
            lag_elsewhere,
            breaker: health.breaker.to_owned(),
            pending: health.pending,
            l1_entries: health.l1_entries,
            bans: health.bans,
            gaps: removals.gaps,
            resyncs: removals.resyncs,
            reads_per_second: per_second(reads, span),
            removals_per_second: rate(now.removals, last.removals),
            received_per_second: rate(now.received, last.received),
            patterns_left_off: patterns.len().saturating_sub(MOST_PATTERNS),
            patterns: patterns
                .iter()
                .take(MOST_PATTERNS)
                .map(|pattern| PatternPulse {
                    pattern: pattern.pattern.clone(),
                    reads_per_second: per_second(reads_of(pattern), span),
                    l1_hits: pattern.l1_hits,
                    l2_hits: pattern.l2_hits,
                    misses: pattern.misses,
                })
                .collect(),
            ..self.constant.clone()
        };
        // Strings and numbers always have a JSON form.
        serde_json::to_string(&heartbeat).unwrap_or_default()
    }
}

/// To one decimal: the record is small, and people read it.
fn per_second(count: u64, span: Duration) -> f64 {
    let rate = count as f64 / span.as_secs_f64().max(0.001);
    (rate * 10.0).round() / 10.0
}
