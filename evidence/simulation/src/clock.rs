//! Virtual time, and everything else that surrounds the library.

use std::cell::RefCell;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use history::Moment;
use tokio::time::Instant;
use unstale::evidence::Surroundings;

use crate::random::Random;

/// What the clocks say when a run begins: far enough from zero for a clock that is behind.
const MONOTONIC: Duration = Duration::from_secs(1_000_000);
const WALL: Duration = Duration::from_secs(1_700_000_000);

/// The time since the run began. It stands still while anything runs: whoever lets it go on looks
/// at it afterwards, and everybody else reads what he saw.
pub(crate) struct Clock {
    began: OnceLock<Instant>,
    now: AtomicU64,
    last_stamp: AtomicU64,
}

impl Clock {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self {
            began: OnceLock::new(),
            now: AtomicU64::new(0),
            last_stamp: AtomicU64::new(0),
        })
    }

    /// The runtime's time may have gone on. On a runtime whose time is paused, it does so only when
    /// there is nothing left to do.
    pub(crate) fn look(&self) {
        let elapsed = self.began().elapsed().as_nanos();
        self.now.store(
            u64::try_from(elapsed).unwrap_or(u64::MAX),
            Ordering::Relaxed,
        );
    }

    /// Nanoseconds since the beginning.
    pub(crate) fn now(&self) -> u64 {
        self.now.load(Ordering::Relaxed)
    }

    /// The instant of the runtime's clock when so many nanoseconds have gone by.
    pub(crate) fn instant(&self, nanos: u64) -> Instant {
        self.began() + Duration::from_nanos(nanos)
    }

    fn began(&self) -> Instant {
        *self.began.get_or_init(Instant::now)
    }

    /// When something happens: later than everything that happened before, and by so little that
    /// it is still the same millisecond, which is the runtime's smallest step.
    pub(crate) fn stamp(&self) -> Moment {
        let stamp = self.now().max(self.last_stamp.load(Ordering::Relaxed) + 1);
        self.last_stamp.store(stamp, Ordering::Relaxed);
        Moment::from_nanos(stamp)
    }
}

/// What a run's caches take for the clocks and for chance.
pub(crate) struct Nature {
    clock: Arc<Clock>,
    /// The coarse clock goes in steps of so many nanoseconds.
    coarse_step: u64,
    random: RefCell<Random>,
}

impl Nature {
    pub(crate) fn new(clock: &Arc<Clock>, coarse_step: Duration, random: Random) -> Self {
        Self {
            clock: clock.clone(),
            coarse_step: u64::try_from(coarse_step.as_nanos()).unwrap_or(1).max(1),
            random: RefCell::new(random),
        }
    }
}

impl Surroundings for Nature {
    fn monotonic(&self) -> Duration {
        MONOTONIC + Duration::from_nanos(self.clock.now())
    }

    fn coarse(&self) -> Duration {
        let now = self.clock.now();
        MONOTONIC + Duration::from_nanos(now - now % self.coarse_step)
    }

    fn wall(&self) -> Duration {
        WALL + Duration::from_nanos(self.clock.now())
    }

    fn number(&self) -> u64 {
        self.random.borrow_mut().number()
    }
}
