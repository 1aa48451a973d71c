//! What tests ask of an instance. The values are numbers, the keys are of any kind.

use std::collections::BTreeMap;
use std::convert::Infallible;

use testbed::eventually;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use unstale::{Cache, Token};

use super::PATIENCE;

/// Reads while the source holds `row`.
pub(crate) async fn read(cache: &Cache, key: &str, row: u64) -> u64 {
    let load = || async move { Ok::<_, Infallible>(Some(row)) };
    let value = cache.get_or_load(key, load).await;
    *value.expect("a source that works").expect("a row")
}

/// What the cache itself answers.
pub(crate) async fn held(cache: &Cache, key: &str) -> Option<u64> {
    cache.get::<u64>(key).await.as_deref().copied()
}

/// Reads until the key is held, and answered, by the instance's own L1.
pub(crate) async fn warm(cache: &Cache, key: &str, row: u64) {
    eventually("L1 holds the key", PATIENCE, || async {
        assert_eq!(read(cache, key, row).await, row);
        l1_answers(cache, key).await
    })
    .await;
}

/// Whether a read of the key is answered by L1.
pub(crate) async fn l1_answers(cache: &Cache, key: &str) -> bool {
    let before = l1_hits(cache);
    cache.get::<u64>(key).await.is_some() && l1_hits(cache) > before
}

/// How many reads L1 has answered.
pub(crate) fn l1_hits(cache: &Cache) -> u64 {
    let patterns = cache.effectiveness().patterns;
    patterns.iter().map(|pattern| pattern.l1_hits).sum()
}

/// Waits until L1 has answered more reads on both than these.
pub(crate) async fn until_l1_is_of_use(caches: &[Cache; 2], before: [u64; 2]) {
    eventually("L1 is of use again", PATIENCE, || async {
        let now = caches.each_ref().map(l1_hits);
        (now[0] > before[0] && now[1] > before[1])
            .then_some(())
            .ok_or(now)
    })
    .await;
}

/// Up to where an instance has applied the log, as epoch and number.
pub(crate) fn position(cache: &Cache) -> (u64, u64) {
    numbers(&cache.health().position.unwrap_or_else(|| "0-0".into()))
}

/// A token as epoch and number.
pub(crate) fn numbers(token: &impl ToString) -> (u64, u64) {
    let text = token.to_string();
    let (epoch, seq) = text.split_once('-').expect("a position");
    (
        epoch.parse().expect("an epoch"),
        seq.parse().expect("a number"),
    )
}

/// Waits until an instance has applied everything up to a token, in each partition that it names.
pub(crate) async fn caught_up(cache: &Cache, token: &Token) {
    eventually("the instance caught up", PATIENCE, || async {
        let at = places(&cache.health().position.unwrap_or_default());
        let asked = places(&token.to_string());
        let applied = |(partition, least)| at.get(partition).is_some_and(|at| at >= least);
        asked.iter().all(applied).then_some(()).ok_or(at)
    })
    .await;
}

/// Epoch and number in each partition that a token names.
pub(crate) fn places(token: &str) -> BTreeMap<String, (u64, u64)> {
    let parts = token.split('.').filter(|part| !part.is_empty());
    let place = |part: &str| {
        let (partition, place) = part.split_once(':').unwrap_or(("", part));
        (partition.to_owned(), numbers(&place))
    };
    parts.map(place).collect()
}

/// Waits until an instance may use its L1, or may not.
pub(crate) async fn until_proven(cache: &Cache, proven: bool) {
    let what = format!("the proof is there: {proven}");
    eventually(&what, PATIENCE, || async {
        cache.health().proven == proven
    })
    .await;
}

/// Waits until nothing is pending.
pub(crate) async fn until_sent(cache: &Cache) {
    eventually("the removals were confirmed", PATIENCE, || async {
        let pending = cache.invalidations().pending;
        (pending == 0).then_some(()).ok_or(pending)
    })
    .await;
}

/// A load in flight: its reader has seen the source's row, and has not returned it yet.
pub(crate) struct SlowLoad {
    reader: JoinHandle<u64>,
    go_on: oneshot::Sender<()>,
}

impl SlowLoad {
    /// Reads a key, and returns when the loader has been called and has seen `row`.
    pub(crate) async fn begin(cache: &Cache, key: &str, row: u64) -> Self {
        let (seen, has_seen) = oneshot::channel();
        let (go_on, may_go_on) = oneshot::channel::<()>();
        let (cache, key) = (cache.clone(), key.to_owned());
        let reader = tokio::spawn(async move {
            let load = || async move {
                seen.send(()).expect("somebody waits for this");
                may_go_on.await.expect("somebody ends this");
                Ok::<_, Infallible>(Some(row))
            };
            *cache
                .get_or_load(&key, load)
                .await
                .expect("no error")
                .expect("a row")
        });
        let begun = tokio::time::timeout(PATIENCE, has_seen).await;
        if begun.expect("the reader loads at all").is_err() {
            let got = reader.await;
            panic!("row {row}: answered {got:?} without a load");
        }
        Self { reader, go_on }
    }

    /// Lets the loader return; what its reader got.
    pub(crate) async fn finish(self) -> u64 {
        self.go_on.send(()).expect("the reader still waits");
        self.reader.await.expect("a reader that does not panic")
    }
}
