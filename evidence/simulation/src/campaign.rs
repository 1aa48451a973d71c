//! Many runs, on several threads.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use unstale::evidence::core::Guard;

use crate::plan::Plan;
use crate::run::Violation;
use crate::tally::Totals;

/// After so many failing runs, no more are begun.
const ENOUGH: usize = 5;

/// How often somebody who waits is told how far it is.
const PROGRESS: Duration = Duration::from_secs(1);

/// A run that takes longer than this, in real time, does not get on.
const ENDLESS: Duration = Duration::from_secs(10);

/// The runs of some seeds.
#[derive(Copy, Clone, Debug)]
pub struct Campaign {
    /// The first seed.
    pub from: u64,
    /// So many seeds.
    pub seeds: u64,
    /// So many runs at a time.
    pub threads: usize,
    /// The rule that is broken in these runs.
    pub broken: Option<Guard>,
    /// Runs each seed twice: the same has to happen both times.
    pub repeat: bool,
}

/// What a worker is busy with, and since when.
type Busy = Mutex<Option<(u64, Instant)>>;

fn stuck(busy: &Option<(u64, Instant)>) -> Option<u64> {
    busy.filter(|(_, since)| since.elapsed() > ENDLESS)
        .map(|(seed, _)| seed)
}

/// What came of them.
#[derive(Default, Debug)]
pub struct Result {
    /// How much of everything there was.
    pub totals: Totals,
    /// The seeds whose runs failed, and how; not more than are of use.
    pub failures: Vec<(u64, Violation)>,
}

impl Campaign {
    /// Runs them all, but for those after several have failed. Now and then `tell` hears how many
    /// are done, and which seeds do not get on.
    pub fn run(&self, tell: impl Fn(u64, Vec<u64>)) -> Result {
        let next = AtomicU64::new(0);
        let done = AtomicU64::new(0);
        let result = Mutex::new(Result::default());
        std::thread::scope(|scope| {
            let workers: Vec<_> = (0..self.threads.max(1))
                .map(|_| {
                    let busy = Arc::new(Mutex::new(None));
                    let (busy_with, next, done, result) = (busy.clone(), &next, &done, &result);
                    let worker = scope.spawn(move || self.work(&busy_with, next, done, result));
                    (worker, busy)
                })
                .collect();
            let mut told = Instant::now();
            while workers.iter().any(|(worker, _)| !worker.is_finished()) {
                std::thread::sleep(Duration::from_millis(2));
                if told.elapsed() >= PROGRESS {
                    told = Instant::now();
                    let stuck = workers.iter().filter_map(|(_, busy)| stuck(&busy.lock()));
                    tell(done.load(Ordering::Relaxed), stuck.collect());
                }
            }
        });
        let mut result = result.into_inner();
        result.failures.sort_by_key(|(seed, _)| *seed);
        result
    }

    fn work(&self, busy: &Busy, next: &AtomicU64, done: &AtomicU64, result: &Mutex<Result>) {
        Guard::switch_off(self.broken);
        let mut totals = Totals::default();
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            if index >= self.seeds || result.lock().failures.len() >= self.enough() {
                break;
            }
            let seed = self.from + index;
            *busy.lock() = Some((seed, Instant::now()));
            let plan = Plan::draw(seed);
            let outcome = plan.run(false);
            totals.add(&outcome.totals);
            let repeats = || !self.repeat || plan.run(false).hash == outcome.hash;
            let violation = outcome
                .violation
                .or_else(|| (!repeats()).then_some(Violation::Chance));
            if let Some(violation) = violation {
                result.lock().failures.push((seed, violation));
            }
            done.fetch_add(1, Ordering::Relaxed);
        }
        *busy.lock() = None;
        Guard::switch_off(None);
        result.lock().totals.add(&totals);
    }

    /// One failure is what breaking a rule is about.
    fn enough(&self) -> usize {
        if self.broken.is_some() { 1 } else { ENOUGH }
    }
}
