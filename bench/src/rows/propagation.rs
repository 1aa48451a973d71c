//! How long a removal takes to reach another instance, at 500 removals a second.
//!
//! From the call until the other instance has dropped its copy. The copy itself notices when
//! Unstale drops it. `multi-tier-cache` drops copies later than it removes them, so its L1 is asked
//! again and again until it has none. By hand: from the call of XADD or PUBLISH until the other
//! connection has the message; with a reader for each of the two instances, too, since an instance that
//! removes has to hear of what others remove.

use std::collections::HashMap;
use std::convert::Infallible;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use redis::streams::StreamId;
use redis::{FromRedisValue as _, PushKind};
use tokio::time::MissedTickBehavior;
use unstale::Cache;

use super::Row;
use crate::measure::{Contender, Figure, Latencies, Outcome, Target};
use crate::setup::{Bed, Board, Log, MultiTier, Pushed, Raw, Run, Watched, cache, config, key};

pub(super) const ROW: Row = Row {
    name: "propagation",
    title: "from a removal to another instance's L1, 500 a second",
    measure,
};

const EVERY: Duration = Duration::from_millis(2);
const REMOVALS: usize = 2000;

/// Nobody takes longer than this.
const PATIENCE: Duration = Duration::from_secs(20);

fn measure(run: &Run) -> Result<Outcome> {
    let bed = Bed::start()?;
    let count = run.count(REMOVALS).max(500);
    let pair = |log| -> Result<[Cache; 2]> {
        let config = config(&bed, log)?;
        let both = [cache(&config, "removing"), cache(&config, "holding")];
        let both = bed.block_on(futures_util::future::join_all(both));
        let both: Vec<_> = both.into_iter().collect::<Result<_>>()?;
        both.try_into().ok().context("two caches")
    };
    let (streams, pub_sub) = (pair(Log::Stream)?, pair(Log::PubSub)?);
    let raw = bed.block_on(Raw::connect(&bed.url()))?;
    let reading = bed.block_on(Raw::connect(&bed.url()))?;
    let own = bed.block_on(Raw::connect(&bed.url()))?;
    let subscribed = bed.block_on(Raw::subscribe(&bed.url(), CHANNEL))?;
    let (_subscription, mut pushed) = subscribed;
    let multi = bed.block_on(async {
        let removing = MultiTier::start(&bed.url(), 200_000).await?;
        anyhow::Ok([removing, MultiTier::start(&bed.url(), 200_000).await?])
    })?;

    let contenders = vec![
        Contender::new("XADD to XREAD", |_| {
            bed.block_on(by_stream(&raw, &reading, None, count))
        }),
        Contender::new("XADD to XREAD, both reading", |_| {
            bed.block_on(by_stream(&raw, &reading, Some(&own), count))
        }),
        Contender::new("unstale", |_| bed.block_on(ours(&streams, count))),
        Contender::new("PUBLISH to push", |_| {
            bed.block_on(by_channel(&raw, &mut pushed, count))
        }),
        Contender::new("unstale, Pub/Sub", |_| bed.block_on(ours(&pub_sub, count))),
        Contender::new("multi-tier-cache", |_| bed.block_on(theirs(&multi, count))),
    ];
    let mut outcome = Outcome::of(run.rounds().interleave(contenders)?);
    for (log, who, raw) in [
        ("Streams", "unstale", "XADD to XREAD"),
        ("Pub/Sub", "unstale, Pub/Sub", "PUBLISH to push"),
    ] {
        for (measure, most) in [("p50", 1.25), ("p99", 1.5)] {
            let what = format!("propagation ({log}), {measure}");
            let (ours, raw) = ([who, measure], [raw, measure]);
            outcome.claim_ratio(&what, ours, raw, Target::AtMost(most));
            if log == "Streams" {
                let both = ["XADD to XREAD, both reading", measure];
                outcome.claim_ratio(&what, ours, both, Target::None);
            }
            let multi = ["multi-tier-cache", measure];
            let what = format!("{what}: times faster than");
            outcome.claim_advantage(&what, ours, multi, Target::None);
        }
    }
    Ok(outcome)
}

/// Does something every two milliseconds, and returns when each began.
async fn paced(
    count: usize,
    mut act: impl AsyncFnMut(usize) -> Result<()>,
) -> Result<Vec<Instant>> {
    let mut ticks = tokio::time::interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let mut began = Vec::with_capacity(count);
    for number in 0..count {
        ticks.tick().await;
        began.push(Instant::now());
        act(number).await?;
    }
    Ok(began)
}

async fn ours([removing, holding]: &[Cache; 2], count: usize) -> Result<Vec<Figure>> {
    let keys: Vec<_> = (0..count).map(key).collect();
    for (number, key) in (0_u32..).zip(&keys) {
        let load = async || Ok::<_, Infallible>(Some(Watched { number }));
        let held = holding.get_or_load(key, load).await;
        ensure!(held.is_ok_and(|held| held.is_some()), "nothing was loaded");
    }
    Board::clear();
    let began = paced(count, async |number| {
        let removed = removing.remove(&keys[number]).await;
        ensure!(removed.is_applied(), "a removal was not confirmed");
        Ok(())
    });
    let began = began.await?;
    let give_up = Instant::now() + PATIENCE;
    while Board::drops().len() < count && Instant::now() < give_up {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let drops = Board::drops();
    ensure!(
        drops.len() == count,
        "{} of {count} copies were dropped",
        drops.len()
    );
    let mut latencies = Latencies::default();
    latencies.extend(
        drops
            .iter()
            .map(|(number, at)| at.saturating_duration_since(began[*number as usize])),
    );
    Ok(latencies.figures(""))
}

const STREAM: &str = "by-hand:propagation";
const CHANNEL: &str = "by-hand:channel";

/// As long as an entry of Unstale's log.
fn payload(number: usize) -> String {
    format!(
        "{{\"o\":12345678901234567890,\"w\":1732280000000000,\"k\":[\"{}\"]}} {number}",
        key(0)
    )
}

fn number_of(payload: &[u8]) -> Option<usize> {
    let text = std::str::from_utf8(payload).ok()?;
    text.rsplit_once(' ')?.1.parse().ok()
}

async fn by_stream(
    raw: &Raw,
    reading: &Raw,
    own: Option<&Raw>,
    count: usize,
) -> Result<Vec<Figure>> {
    let mut connection = raw.connection();
    let _: () = redis::cmd("DEL")
        .arg(STREAM)
        .query_async(&mut connection)
        .await?;
    let own = own.map(|own| tokio::spawn(read_all(own.clone(), count)));
    let reader = tokio::spawn(read_all(reading.clone(), count));
    let began = paced(count, async |number| {
        let mut add = redis::cmd("XADD");
        add.arg(STREAM).arg("MAXLEN").arg("~").arg(10_000).arg("*");
        add.arg("m").arg(payload(number));
        let _: redis::Value = add.query_async(&mut connection).await?;
        Ok(())
    });
    let began = began.await?;
    let arrived = tokio::time::timeout(PATIENCE, reader).await???;
    if let Some(own) = own {
        tokio::time::timeout(PATIENCE, own).await???;
    }
    Ok(between(&began, &arrived))
}

/// When each of so many entries of the Stream arrived.
async fn read_all(raw: Raw, count: usize) -> Result<HashMap<usize, Instant>> {
    let mut arrived = HashMap::new();
    let note = |entry: &StreamId, now| {
        let payload: Vec<u8> = entry.get("m").context("an entry without a payload")?;
        arrived.insert(number_of(&payload).context("another payload")?, now);
        Ok(())
    };
    raw.follow(STREAM, "0-0".to_owned(), count, note).await?;
    Ok(arrived)
}

async fn by_channel(raw: &Raw, pushed: &mut Pushed, count: usize) -> Result<Vec<Figure>> {
    let mut connection = raw.connection();
    let reading = async {
        let mut arrived = HashMap::new();
        while arrived.len() < count {
            let push = pushed.recv().await.context("the subscription has ended")?;
            let now = Instant::now();
            if push.kind == PushKind::Message {
                let payload = push.data.get(1).context("a message without a payload")?;
                let payload = Vec::<u8>::from_redis_value_ref(payload)?;
                arrived.insert(number_of(&payload).context("another payload")?, now);
            }
        }
        anyhow::Ok(arrived)
    };
    let sending = paced(count, async |number| {
        let mut publish = redis::cmd("PUBLISH");
        publish.arg(CHANNEL).arg(payload(number));
        let _: redis::Value = publish.query_async(&mut connection).await?;
        Ok(())
    });
    let (arrived, began) = tokio::join!(tokio::time::timeout(PATIENCE, reading), sending);
    Ok(between(&began?, &arrived??))
}

fn between(began: &[Instant], arrived: &HashMap<usize, Instant>) -> Vec<Figure> {
    let mut latencies = Latencies::default();
    latencies.extend(
        arrived
            .iter()
            .map(|(number, at)| at.saturating_duration_since(began[*number])),
    );
    latencies.figures("")
}

async fn theirs([removing, holding]: &[MultiTier; 2], count: usize) -> Result<Vec<Figure>> {
    let keys: Vec<_> = (0..count).map(key).collect();
    for key in &keys {
        holding.put(key, &0_u32).await?;
    }
    let mut waiting = tokio::task::JoinSet::new();
    paced(count, async |number| {
        let began = Instant::now();
        let (key, holding) = (keys[number].clone(), holding.clone());
        waiting.spawn(async move {
            while !holding.lacks_in_l1(&key).await {
                ensure!(began.elapsed() < PATIENCE, "a copy was never dropped");
                tokio::task::yield_now().await;
            }
            Ok(began.elapsed())
        });
        Ok(removing.manager().invalidate(&keys[number]).await?)
    })
    .await?;
    let mut latencies = Latencies::default();
    while let Some(waited) = waiting.join_next().await {
        latencies.record(waited??);
    }
    Ok(latencies.figures(""))
}
