//! Reads the watched prices on all instances, again and again, and judges every answer by the
//! contract.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use tokio::time::{MissedTickBehavior, interval};
use unstale::Source;

use super::watched;
use crate::{
    domain::{Price, Symbol},
    live::{Board, locked},
    service::StockPriceService,
};

/// How often each instance is asked for each price.
const EVERY: Duration = Duration::from_millis(50);

/// What the checker has seen.
#[derive(Default)]
pub(crate) struct Checker {
    reads: AtomicU64,
    stale: AtomicU64,
    /// The first stale answer, in words.
    complaint: Mutex<Option<String>>,
    answers: Mutex<HashMap<(usize, Symbol), Answer>>,
}

/// The last answer to a read of one price on one instance.
#[derive(Debug, Clone, Copy)]
pub(super) struct Answer {
    pub(super) source: Source,
    pub(super) price: Price,
    pub(super) version: i64,
    pub(super) took: Duration,
}

impl Checker {
    pub(super) fn reads(&self) -> u64 {
        self.reads.load(Relaxed)
    }

    pub(super) fn stale(&self) -> u64 {
        self.stale.load(Relaxed)
    }

    pub(super) fn complaint(&self) -> Option<String> {
        locked(&self.complaint).clone()
    }

    pub(super) fn answer(&self, instance: usize, symbol: &Symbol) -> Option<Answer> {
        locked(&self.answers)
            .get(&(instance, symbol.clone()))
            .copied()
    }

    /// A read was answered that must not have been older than `floor`.
    fn answered(&self, instance: usize, symbol: &Symbol, answer: Answer, floor: i64) {
        self.reads.fetch_add(1, Relaxed);
        if answer.version < floor {
            self.stale.fetch_add(1, Relaxed);
            let complaint = format!(
                "instance {instance} answered with version {} of {symbol} from {}, which must be {floor} or newer",
                answer.version, answer.source
            );
            tracing::error!(complaint, "a read was stale");
            locked(&self.complaint).get_or_insert(complaint);
        }
        locked(&self.answers).insert((instance, symbol.clone()), answer);
    }
}

/// Reads and judges until it is dropped.
pub(crate) async fn check_forever(board: Arc<Board>) {
    let instances = board.prices().into_iter().enumerate();
    let checks = instances.map(|(place, prices)| check_one(board.clone(), place, prices));
    futures::future::join_all(checks).await;
}

async fn check_one(board: Arc<Board>, place: usize, prices: StockPriceService) {
    let mut ticks = interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        for symbol in watched() {
            let floor = prices.floor(&symbol);
            let asked = Instant::now();
            match prices.current(&symbol).await {
                Ok(Some((price, source))) => {
                    let answer = Answer {
                        source,
                        price: price.price,
                        version: price.version,
                        took: asked.elapsed(),
                    };
                    board.checker.answered(place, &symbol, answer, floor);
                }
                Ok(None) => {}
                Err(error) => tracing::warn!(%error, "a price could not be checked"),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_below_the_floor_is_counted_and_told() {
        let checker = Checker::default();
        let symbol: Symbol = "MSFT".parse().unwrap();
        let answer = |version| Answer {
            source: Source::L1,
            price: Price::from_units(100),
            version,
            took: Duration::ZERO,
        };
        checker.answered(1, &symbol, answer(7), 7);
        assert_eq!((checker.reads(), checker.stale()), (1, 0));
        checker.answered(1, &symbol, answer(6), 7);
        assert_eq!((checker.reads(), checker.stale()), (2, 1));
        let complaint = checker.complaint().unwrap();
        assert!(
            complaint.contains("version 6 of MSFT from L1"),
            "{complaint}"
        );
        assert_eq!(checker.answer(1, &symbol).unwrap().version, 6);
    }
}
