//! One clock on both walls, which stands still unless it is turned.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use anyhow::Result;
use testbed::WallClock;
use unstale::evidence::{Surroundings, surround};

/// Where it stands when a walk begins, in milliseconds since 1970.
pub(crate) const START: u64 = 1_800_000_000_000;

/// One clock, and the number that is drawn next.
pub struct Clock {
    hands: Rc<Hands>,
    of_the_server: WallClock,
}

#[derive(Default)]
struct Hands {
    millis: Cell<u64>,
    number: Cell<u64>,
}

impl Clock {
    pub(crate) fn new(of_the_server: WallClock) -> Self {
        Self {
            hands: Rc::default(),
            of_the_server,
        }
    }

    pub(crate) fn of_the_server(&self) -> &WallClock {
        &self.of_the_server
    }

    pub(crate) fn now(&self) -> u64 {
        self.hands.millis.get()
    }

    pub(crate) fn turn_to(&self, millis: u64) -> Result<()> {
        self.hands.millis.set(millis);
        Ok(self.of_the_server.stop_at(i64::try_from(millis)?)?)
    }

    /// Whoever draws a number from now on, on either side, draws this one.
    pub(crate) fn next_number(&self, number: u64) {
        self.hands.number.set(number);
    }

    /// From now on this thread's caches go by it.
    pub(crate) fn hang(&self) {
        surround(Some(self.hands.clone()));
    }
}

impl Surroundings for Hands {
    fn monotonic(&self) -> Duration {
        Duration::from_millis(self.millis.get())
    }

    fn coarse(&self) -> Duration {
        self.monotonic()
    }

    fn wall(&self) -> Duration {
        self.monotonic()
    }

    fn number(&self) -> u64 {
        self.number.get()
    }
}
