//! Goes one of the hot paths so many times: `hot_paths PATH TIMES`. Run by callgrind, which counts
//! the instructions; two runs of different length differ by what the path alone costs. `get-100k` is
//! `get` with as many keys, and so on.

use std::convert::Infallible;
use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use bench::setup::{Bed, Log, StockPrice, cache, config as config_of, key, price, symbol};
use unstale::{Cache, Config, Hub};

/// Keys that are held, and asked for in turns.
const HELD: usize = 64;

/// As many are held by the paths of this name.
const MANY: (&str, usize) = ("-100k", 100_000);

/// Keys that are prepared, however many are used: so that preparing costs the same in every run.
const PREPARED: usize = 20_000;

fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let path = arguments.next().context("name a path")?;
    let times: usize = arguments
        .next()
        .and_then(|times| times.parse().ok())
        .context("say how many times to go it")?;
    if path == "remove-tasks" {
        return crowd(times);
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(go(&path, times))
}

async fn go(path: &str, times: usize) -> Result<()> {
    let (path, held) = match path.strip_suffix(MANY.0) {
        Some(path) => (path, MANY.1),
        None => (path, HELD),
    };
    match path {
        "get" | "space-get" | "space-get-inspected" | "get-or-load" => {
            hits(path, held, times).await
        }
        "quick-cache-get" => raw_hits(held, times),
        "miss" => misses(times).await,
        "remove" => removals(times, 1).await,
        "remove-and-receive" => removals(times, 2).await,
        other => bail!("there is no path `{other}`"),
    }
}

/// Settings under which nothing happens by the clock: it stands still here, compared with what is
/// counted.
fn config() -> Config {
    let mut config = Config::default();
    config.max_staleness = Duration::from_secs(120);
    config.stream.poll_interval = Duration::from_secs(60);
    config.stream.ack_timeout = Duration::from_secs(240);
    config.memory.size_limit = 2 * MANY.1 as u64;
    config
}

/// Numbers of keys in an order that no processor foresees when there are many. It visits all of 64 and
/// of 100,000: the stride is prime to both.
fn visits(held: usize, times: usize) -> impl Iterator<Item = usize> {
    let stride = (61_803 % held) | 1;
    let next = move |number: &usize| {
        let next = number + stride;
        Some(if next < held { next } else { next - held })
    };
    std::iter::successors(Some(0), next).take(times)
}

/// How a key is asked for that is in L1.
#[derive(Copy, Clone)]
enum Verb {
    Get,
    SpaceGet,
    GetOrLoad,
}

async fn hits(path: &str, held: usize, times: usize) -> Result<()> {
    let mut config = config();
    if path == "space-get-inspected" {
        config.inspect.sample_rate = 0.001;
    }
    let cache = Cache::builder().config(config).build().await?;
    let space = cache.space::<StockPrice>("stock:price");
    // Unless hits are inspected, this changes nothing.
    let space = space.inspect_with(move |symbol: String| async move {
        let number = (0..held).find(|number| bench::setup::symbol(*number) == symbol);
        Ok::<_, Infallible>(number.map(price))
    });
    let keys: Vec<_> = (0..held).map(key).collect();
    let symbols: Vec<_> = (0..held).map(symbol).collect();
    for (number, key) in keys.iter().enumerate() {
        let load = async || Ok::<_, Infallible>(Some(price(number)));
        ensure!(cache.get_or_load(key, load).await.is_ok());
    }
    // Before the hits: what comparing names takes differs from name to name.
    let verb = match path {
        "get" => Verb::Get,
        "get-or-load" => Verb::GetOrLoad,
        _ => Verb::SpaceGet,
    };
    let mut found = 0;
    for number in visits(held, times) {
        let price = match verb {
            Verb::Get => cache.get::<StockPrice>(&keys[number]).await,
            Verb::SpaceGet => space.get(&symbols[number]).await,
            Verb::GetOrLoad => {
                let load = async || Ok::<_, Infallible>(None);
                let read = cache.get_or_load(&keys[number], load).await;
                read.ok().flatten()
            }
        };
        found += usize::from(black_box(price).is_some());
    }
    ensure!(found == times, "a key that is in L1 was not found");
    Ok(())
}

/// What the cache beneath L1 takes, to compare with.
fn raw_hits(held: usize, times: usize) -> Result<()> {
    let raw = quick_cache::sync::Cache::new(2 * MANY.1);
    let keys: Vec<_> = (0..held).map(key).collect();
    for number in 0..held {
        raw.insert(key(number), Arc::new(price(number)));
    }
    let found = visits(held, times)
        .filter(|number| black_box(raw.get(&*keys[*number])).is_some())
        .count();
    ensure!(found == times, "a key was not found");
    Ok(())
}

/// Reads of keys that nobody holds: L2 is asked, the value loaded, L2 and L1 filled.
async fn misses(times: usize) -> Result<()> {
    let builder = Cache::builder().config(config()).hub(&Hub::new());
    let cache = builder.build().await?;
    let keys: Vec<Arc<str>> = (0..PREPARED).map(key).collect();
    ensure!(times <= PREPARED, "at most {PREPARED} misses are prepared");
    for (number, key) in keys.iter().take(times).enumerate() {
        let load = async || Ok::<_, Infallible>(Some(price(number)));
        let read = cache.get_or_load(key, load).await;
        ensure!(read.is_ok_and(|read| black_box(read).is_some()));
    }
    Ok(())
}

/// 64 tasks that remove at once, on a server and two threads: for a profiler, not for callgrind.
fn crowd(times: usize) -> Result<()> {
    let bed = Bed::start()?;
    let cache = bed.block_on(cache(&config_of(&bed, Log::Stream)?, "removing"))?;
    let keys: Arc<[Arc<str>]> = (0..PREPARED).map(key).collect();
    bed.block_on(async {
        let mut tasks = tokio::task::JoinSet::new();
        for task in 0..HELD {
            let (cache, keys) = (cache.clone(), keys.clone());
            tasks.spawn(async move {
                let own = keys.iter().skip(task).step_by(HELD).cycle();
                for key in own.take(times / HELD) {
                    if !cache.remove(key).await.is_applied() {
                        return false;
                    }
                }
                true
            });
        }
        let confirmed = tasks.join_all().await;
        ensure!(
            confirmed.iter().all(|it| *it),
            "a removal was not confirmed"
        );
        Ok(())
    })
}

/// Removals on one instance, which others receive.
async fn removals(times: usize, instances: usize) -> Result<()> {
    let hub = Hub::new();
    let mut caches = Vec::new();
    for _ in 0..instances {
        let builder = Cache::builder().config(config()).hub(&hub);
        caches.push(builder.build().await?);
    }
    let keys: Vec<Arc<str>> = (0..PREPARED).map(key).collect();
    let removing = caches.first().context("there is no instance")?;
    let mut last = None;
    for time in 0..times {
        let removed = removing.remove(&keys[time % PREPARED]).await;
        last = removed.token().map(ToString::to_string);
        ensure!(last.is_some(), "a removal was not confirmed");
    }
    // What was removed last has to be received as well. Who keeps asking is counted, too.
    while caches.iter().any(|cache| cache.health().position != last) {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    Ok(())
}
