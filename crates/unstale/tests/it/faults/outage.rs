//! The server gone for half a minute, under load that does not stop for it: no read or write
//! fails, no read is staler than the contract allows, and all is well again afterwards.

use std::convert::Infallible;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};
use std::time::Duration;

use parking_lot::Mutex;
use testbed::eventually;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout};
use unstale::{Cache, Outcome};

use crate::bed::{
    Bed, PATIENCE, Transport, l1_hits, on_every_server, quick, read, until_proven, until_sent, warm,
};

const KEYS: usize = 24;
/// The fault itself is this long; nothing is waited for by it.
const OUTAGE: Duration = Duration::from_secs(30);
const MAX_STALENESS: Duration = Duration::from_millis(400);

on_every_server!(half_a_minute_under_load);

async fn half_a_minute_under_load(transport: Transport) {
    let bed = Bed::start(transport);
    let mut config = bed.config();
    quick(&mut config);
    config.max_staleness = MAX_STALENESS;
    let one = bed.instance_with("one", config.clone()).await;
    let two = bed.instance_with("two", config).await;
    let both = [&one, &two];
    let load = Load::start(&one, &two);
    let database = Arc::clone(&load.database);
    let hits_again = async || {
        let before = both.map(l1_hits);
        eventually("L1 answers on both", PATIENCE, || async {
            let hits = both.map(l1_hits);
            let more = hits[0] > before[0] + 50 && hits[1] > before[1] + 50;
            more.then_some(()).ok_or(hits)
        })
        .await;
    };
    hits_again().await;

    bed.server().kill().unwrap();
    let gone = Instant::now();
    *database.gone.lock() = Some(gone);
    eventually("the outage was over", OUTAGE + PATIENCE, || async {
        gone.elapsed() >= OUTAGE
    })
    .await;
    assert_eq!(one.invalidations().pending, KEYS as u64);
    for cache in both {
        assert!(!cache.health().proven);
        assert_ne!(cache.health().breaker, "closed");
    }
    *database.gone.lock() = None;
    bed.server().restart().unwrap();

    // Under load there is always something on its way, but not always something left over.
    eventually("the removals were delivered", PATIENCE, || async {
        let removed = database.removed();
        let pending = one.invalidations().pending;
        if pending == 0 {
            database.acknowledge(&removed);
        }
        (pending == 0).then_some(()).ok_or(pending)
    })
    .await;
    for cache in both {
        until_proven(cache, true).await;
        eventually("the breaker closed", PATIENCE, || async {
            cache.health().breaker == "closed"
        })
        .await;
    }
    hits_again().await;
    load.end().await;
    database.assert_sound();

    until_sent(&one).await;
    for cache in both {
        for id in 0..KEYS {
            let newest = database.rows[id].version.load(SeqCst);
            eventually("the newest version is read", PATIENCE, || async {
                let version = read(cache, &key(id), newest).await;
                (version == newest).then_some(()).ok_or(version)
            })
            .await;
            warm(cache, &key(id), newest).await;
        }
    }
}

fn key(id: usize) -> String {
    format!("product:{id}")
}

/// The source of truth, and what may be read of it when.
#[derive(Default)]
struct Database {
    rows: Vec<Row>,
    /// Since when there is no server.
    gone: Mutex<Option<Instant>>,
    violations: Mutex<Vec<String>>,
    writes: Count,
    reads_on_one: Count,
    reads_on_two: Count,
    ended: AtomicBool,
}

/// How many with a server, and how many without.
#[derive(Default)]
struct Count([AtomicU64; 2]);

impl Count {
    fn one_more(&self, alone: bool) {
        self.0[usize::from(alone)].fetch_add(1, SeqCst);
    }

    fn assert_many(&self, what: &str, least: u64) {
        let counts = self.0.each_ref().map(|count| count.load(SeqCst));
        let enough = counts[0] >= least && counts[1] >= 4 * least;
        assert!(enough, "{what}, with a server and without: {counts:?}");
    }
}

#[derive(Default)]
struct Row {
    version: AtomicU64,
    /// The newest version of which the removal has returned.
    removed: AtomicU64,
    /// The versions of which the removal was acknowledged, and when.
    acknowledged: Mutex<Vec<(Instant, u64)>>,
}

impl Row {
    /// The newest version of which the removal had been acknowledged before then.
    fn acknowledged_before(&self, then: Instant) -> u64 {
        let acknowledged = self.acknowledged.lock();
        let earlier = acknowledged.iter().rev().find(|(at, _)| *at < then);
        earlier.map_or(0, |(_, version)| *version)
    }
}

impl Database {
    fn removed(&self) -> Vec<u64> {
        let removed = self.rows.iter().map(|row| row.removed.load(SeqCst));
        removed.collect()
    }

    fn acknowledge(&self, versions: &[u64]) {
        for (row, &version) in self.rows.iter().zip(versions) {
            let mut acknowledged = row.acknowledged.lock();
            // The writer goes on, and may have got further.
            if acknowledged.last().is_none_or(|(_, last)| *last < version) {
                acknowledged.push((Instant::now(), version));
            }
        }
    }

    async fn work(&self, cache: &Cache, duty: Duty, ids: Range<usize>) {
        for id in ids.cycle() {
            if self.ended.load(SeqCst) {
                break;
            }
            let pause = match duty {
                Duty::Write => 15,
                Duty::ReadOnOne | Duty::ReadOnTwo => 8,
            };
            match duty {
                Duty::Write => self.write(cache, id).await,
                Duty::ReadOnOne => self.read_on_one(cache, id).await,
                Duty::ReadOnTwo => self.read_on_two(cache, id).await,
            }
            // The pace of the load.
            sleep(Duration::from_millis(pause)).await;
        }
    }

    /// Commits a version, and then invalidates.
    async fn write(&self, cache: &Cache, id: usize) {
        let row = &self.rows[id];
        let alone = self.gone.lock().is_some();
        let version = row.version.fetch_add(1, SeqCst) + 1;
        let outcome = timeout(PATIENCE, cache.remove(&key(id))).await;
        let outcome = outcome.expect("the write goes on");
        row.removed.store(version, SeqCst);
        if let Outcome::Applied(_) = outcome {
            let mut acknowledged = row.acknowledged.lock();
            acknowledged.push((Instant::now(), version));
        }
        self.writes.one_more(alone);
    }

    /// On the instance that writes, a read sees every removal that had returned.
    async fn read_on_one(&self, cache: &Cache, id: usize) {
        let alone = self.gone.lock().is_some();
        let least = self.rows[id].removed.load(SeqCst);
        self.read(cache, id, least, "one").await;
        self.reads_on_one.one_more(alone);
    }

    /// On the other instance, a read sees every removal that was acknowledged `MaxStaleness`
    /// before. Once its proof has lapsed it asks the source, so it sees every commit.
    ///
    /// The last proof is of a probe that was sent before the server was gone, hence it lapses
    /// within `MaxStaleness` of that, by a clock that waits for no thread: no slack is needed,
    /// however late a task is scheduled. Nor can a flight bring an older version, because no two
    /// reads of a key on this instance overlap.
    async fn read_on_two(&self, cache: &Cache, id: usize) {
        let row = &self.rows[id];
        let gone = *self.gone.lock();
        let started = Instant::now();
        let alone = gone.is_some_and(|gone| started > gone + MAX_STALENESS);
        let least = if alone {
            row.version.load(SeqCst)
        } else {
            row.acknowledged_before(started - MAX_STALENESS)
        };
        let whom = if alone { "two, alone" } else { "two" };
        self.read(cache, id, least, whom).await;
        self.reads_on_two.one_more(alone);
    }

    async fn read(&self, cache: &Cache, id: usize, least: u64, whom: &str) {
        let name = key(id);
        let load = || async {
            let version = self.rows[id].version.load(SeqCst);
            // The row is on its way while others write it.
            sleep(Duration::from_millis(1)).await;
            Ok::<_, Infallible>(Some(version))
        };
        let version = timeout(PATIENCE, cache.get_or_load(&name, load)).await;
        let version = version.expect("the read goes on");
        let version = *version.expect("the source works").expect("a row");
        if version < least {
            let violation = format!("{whom} read {version} of {name}, {least} was due");
            self.violations.lock().push(violation);
        }
    }

    fn assert_sound(&self) {
        let violations = self.violations.lock();
        let some = &violations[..violations.len().min(5)];
        assert!(some.is_empty(), "{} such: {some:#?}", violations.len());
        // A slow machine does a fraction of what this load would be.
        self.writes.assert_many("writes", 25);
        self.reads_on_one.assert_many("reads on one", 100);
        self.reads_on_two.assert_many("reads on two", 100);
    }
}

#[derive(Copy, Clone)]
enum Duty {
    Write,
    ReadOnOne,
    ReadOnTwo,
}

/// The tasks that write and read all the time.
struct Load {
    database: Arc<Database>,
    tasks: [JoinHandle<()>; 5],
}

impl Load {
    fn start(one: &Cache, two: &Cache) -> Self {
        let database = Arc::new(Database {
            rows: (0..KEYS).map(|_| Row::default()).collect(),
            ..Database::default()
        });
        let half = KEYS / 2;
        let tasks = [
            (one, Duty::Write, 0..KEYS),
            // These two meet in flights.
            (one, Duty::ReadOnOne, 0..KEYS),
            (one, Duty::ReadOnOne, 0..KEYS),
            (two, Duty::ReadOnTwo, 0..half),
            (two, Duty::ReadOnTwo, half..KEYS),
        ]
        .map(|(cache, duty, ids)| {
            let (database, cache) = (Arc::clone(&database), cache.clone());
            tokio::spawn(async move { database.work(&cache, duty, ids).await })
        });
        Self { database, tasks }
    }

    /// Panics when one of the tasks did.
    async fn end(self) {
        self.database.ended.store(true, SeqCst);
        for task in self.tasks {
            task.await.unwrap();
        }
    }
}
