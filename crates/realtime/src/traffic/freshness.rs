use std::{
    collections::{HashMap, VecDeque},
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use crate::domain::{StockPrice, Symbol, Timestamp};

/// How many of its last prices are remembered per symbol.
const REMEMBERED: usize = 4_096;

/// A symbol's prices by the time they carry, and when their removal from the caches was
/// acknowledged. It is none for one that was pending when the write was answered.
type History = VecDeque<(Timestamp, Option<Instant>)>;

/// Counts the traffic and judges every price that a reader was given against what the feed had
/// written by then.
#[derive(Debug, Default)]
pub(crate) struct Freshness {
    written: Mutex<HashMap<Symbol, History>>,
    writes: AtomicU64,
    reads: AtomicU64,
    late: AtomicU64,
    latest_micros: AtomicU64,
    failures: AtomicU64,
}

/// The traffic so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) writes: u64,
    pub(crate) reads: u64,
    /// Reads that were given a price although the removal for a newer one had been acknowledged
    /// before they began.
    pub(crate) late: u64,
    /// By how much the latest of them was late.
    pub(crate) latest: Duration,
    /// Requests that failed.
    pub(crate) failures: u64,
}

impl Freshness {
    /// The service has written these prices, and `removed` them from the caches or still has to.
    pub(crate) fn wrote(&self, prices: &[StockPrice], removed: bool) {
        let acknowledged = removed.then(Instant::now);
        let mut written = self.written();
        for price in prices {
            let history = written.entry(price.symbol.clone()).or_default();
            if history.len() == REMEMBERED {
                history.pop_front();
            }
            history.push_back((price.timestamp, acknowledged));
        }
        self.writes.fetch_add(prices.len() as u64, Relaxed);
    }

    /// A reader that asked at `asked` was given this price. A price that somebody else wrote is not
    /// judged.
    pub(crate) fn read_price(&self, price: &StockPrice, asked: Instant) {
        let Some(late_by) = self.late_by(price, asked) else {
            return;
        };
        self.late.fetch_add(1, Relaxed);
        let micros = late_by.as_micros().try_into().unwrap_or(u64::MAX);
        self.latest_micros.fetch_max(micros, Relaxed);
    }

    fn late_by(&self, price: &StockPrice, asked: Instant) -> Option<Duration> {
        let written = self.written();
        let history = written.get(&price.symbol)?;
        let place = history
            .binary_search_by_key(&price.timestamp, |&(made, _)| made)
            .ok()?;
        let newer = history.range(place + 1..);
        // Acknowledgements come in the order of the prices, so the first of them is the earliest.
        let acknowledged = newer.filter_map(|&(_, acknowledged)| acknowledged).next()?;
        asked
            .checked_duration_since(acknowledged)
            .filter(|late_by| !late_by.is_zero())
    }

    pub(crate) fn read(&self) {
        self.reads.fetch_add(1, Relaxed);
    }

    pub(crate) fn failed(&self) {
        self.failures.fetch_add(1, Relaxed);
    }

    pub(crate) fn counts(&self) -> Counts {
        Counts {
            writes: self.writes.load(Relaxed),
            reads: self.reads.load(Relaxed),
            late: self.late.load(Relaxed),
            latest: Duration::from_micros(self.latest_micros.load(Relaxed)),
            failures: self.failures.load(Relaxed),
        }
    }

    fn written(&self) -> MutexGuard<'_, HashMap<Symbol, History>> {
        // Every history is whole between two pushes, so a poisoned lock is as good as any.
        self.written.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use time::OffsetDateTime;

    use super::*;

    fn price(second: i64) -> StockPrice {
        StockPrice {
            symbol: "MSFT".parse().unwrap(),
            price: "39.81".parse().unwrap(),
            timestamp: Timestamp::new(OffsetDateTime::from_unix_timestamp(second).unwrap())
                .unwrap(),
            version: 0,
        }
    }

    #[test]
    fn only_a_read_that_began_after_the_next_acknowledgement_is_late() {
        let freshness = Freshness::default();
        freshness.wrote(&[price(1)], true);
        let before = Instant::now();
        freshness.wrote(&[price(2)], true);
        let after = Instant::now() + Duration::from_millis(3);
        freshness.read_price(&price(1), before);
        freshness.read_price(&price(2), after);
        freshness.read_price(&price(7), after);
        assert_eq!(freshness.counts().late, 0);
        freshness.read_price(&price(1), after);
        assert_eq!(freshness.counts().late, 1);
        assert!(freshness.counts().latest >= Duration::from_millis(3));
    }

    #[test]
    fn a_pending_removal_makes_no_read_late() {
        let freshness = Freshness::default();
        freshness.wrote(&[price(1)], true);
        freshness.wrote(&[price(2)], false);
        let after = Instant::now() + Duration::from_millis(3);
        freshness.read_price(&price(1), after);
        assert_eq!(freshness.counts().late, 0);
        freshness.wrote(&[price(3)], true);
        freshness.read_price(&price(1), after);
        assert_eq!(freshness.counts().late, 1);
    }
}
