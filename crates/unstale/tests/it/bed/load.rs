//! Readers and writers on several instances, who notice at once when the contract is broken.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use testbed::eventually;
use tokio::task::JoinSet;
use unstale::Cache;

use super::PATIENCE;

/// How long a removal that was acknowledged may go unheard.
pub(crate) const MAX_STALENESS: Duration = Duration::from_secs(1);

const READERS: usize = 2;

/// Fewer reads than this would say little about the contract.
const LEAST_READS: u64 = 500;

/// One row of the source of truth, by its version.
#[derive(Default)]
struct Row {
    /// Its key.
    name: String,
    version: AtomicU64,
    /// Versions whose removal was acknowledged, and when.
    acknowledged: Mutex<Vec<(u64, Instant)>>,
}

impl Row {
    /// The least version that any instance may read at this moment.
    fn least(&self, now: Instant) -> u64 {
        let acknowledged = self.acknowledged.lock().unwrap();
        let heard = acknowledged
            .iter()
            .filter(|(_, at)| *at + MAX_STALENESS < now);
        heard.map(|(version, _)| *version).max().unwrap_or(0)
    }
}

#[derive(Default)]
struct Seen {
    rows: Vec<Row>,
    applied: AtomicU64,
    reads: AtomicU64,
    ended: AtomicBool,
}

pub(crate) struct Load {
    seen: Arc<Seen>,
    tasks: JoinSet<()>,
}

impl Load {
    pub(crate) fn begin(caches: &[Cache]) -> Self {
        Self::of((0..4).map(|row| format!("row:{row}")), caches)
    }

    /// On these keys.
    pub(crate) fn of(names: impl IntoIterator<Item = String>, caches: &[Cache]) -> Self {
        let row = |name| Row {
            name,
            ..Row::default()
        };
        let seen = Arc::new(Seen {
            rows: names.into_iter().map(row).collect(),
            ..Seen::default()
        });
        let mut tasks = JoinSet::new();
        for cache in caches {
            let own: Own = seen.rows.iter().map(|_| AtomicU64::new(0)).collect();
            tasks.spawn(write(cache.clone(), seen.clone(), own.clone()));
            for _ in 0..READERS {
                tasks.spawn(read_and_judge(cache.clone(), seen.clone(), own.clone()));
            }
        }
        Self { seen, tasks }
    }

    /// Waits until so many more removals were acknowledged.
    pub(crate) async fn until_applied(&self, more: u64) {
        let applied = || self.seen.applied.load(Ordering::SeqCst);
        let enough = applied() + more;
        eventually("removals are acknowledged", PATIENCE, || async {
            (applied() >= enough).then_some(()).ok_or(applied())
        })
        .await;
    }

    /// Stops once enough was read, and fails where a read was stale or failed.
    pub(crate) async fn end(mut self) {
        eventually("enough was read", PATIENCE, || async {
            let reads = self.seen.reads.load(Ordering::SeqCst);
            (reads >= LEAST_READS).then_some(()).ok_or(reads)
        })
        .await;
        self.seen.ended.store(true, Ordering::SeqCst);
        while let Some(ended) = self.tasks.join_next().await {
            ended.expect("no reader found anything");
        }
    }
}

/// The versions that an instance has written itself.
type Own = Arc<[AtomicU64]>;

/// Writes the source first, and removes second.
async fn write(cache: Cache, seen: Arc<Seen>, own: Own) {
    for turn in 0.. {
        if seen.ended.load(Ordering::SeqCst) {
            return;
        }
        let key = turn % seen.rows.len();
        let row = &seen.rows[key];
        let version = row.version.fetch_add(1, Ordering::SeqCst) + 1;
        let removed = cache.remove(&row.name).await;
        own[key].fetch_max(version, Ordering::SeqCst);
        if removed.is_applied() {
            let now = Instant::now();
            row.acknowledged.lock().unwrap().push((version, now));
            seen.applied.fetch_add(1, Ordering::SeqCst);
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn read_and_judge(cache: Cache, seen: Arc<Seen>, own: Own) {
    for turn in 0.. {
        if seen.ended.load(Ordering::SeqCst) {
            return;
        }
        let key = turn % seen.rows.len();
        let row = &seen.rows[key];
        let (least_own, least) = (own[key].load(Ordering::SeqCst), row.least(Instant::now()));
        let load = || async {
            Ok::<_, std::convert::Infallible>(Some(row.version.load(Ordering::SeqCst)))
        };
        let reading = cache.get_or_load(&row.name, load);
        let got = tokio::time::timeout(PATIENCE, reading)
            .await
            .expect("an answer");
        let got = *got.expect("no error").expect("a row");
        assert!(
            got >= least_own,
            "{}: {got}, after its own write of {least_own}",
            row.name
        );
        assert!(
            got >= least,
            "{}: {got}, long after {least} was acknowledged",
            row.name
        );
        seen.reads.fetch_add(1, Ordering::SeqCst);
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}
