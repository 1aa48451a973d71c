//! Virtual time, and everything else that surrounds the library.

use std::cell::RefCell;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use history::Moment;
use tokio::time::Instant;
use unstale::evidence::Surroundings;

use crate::random::Random;

/// What the clocks say when a run begins: far enough from zero for a clock that is behind.
const MONOTONIC: Duration = Duration::from_secs(1_000_000);
const WALL: Duration = Duration::from_secs(1_700_000_000);

/// The time since the run began. It stands still while anything runs.
pub(crate) struct Clock {
    began: Instant,
    last_stamp: AtomicU64,
}

impl Clock {
    /// A clock that starts now, on a runtime whose time is paused.
    pub(crate) fn start() -> Arc<Self> {
        Arc::new(Self {
            began: Instant::now(),
            last_stamp: AtomicU64::new(0),
        })
    }

    /// Nanoseconds since the beginning.
    pub(crate) fn now(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }

    /// The instant of the runtime's clock when so many nanoseconds have gone by.
    pub(crate) fn instant(&self, nanos: u64) -> Instant {
        self.began + Duration::from_nanos(nanos)
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
