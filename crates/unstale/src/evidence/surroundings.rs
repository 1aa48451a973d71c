//! Clocks and random numbers that the simulation decides.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

/// What a thread's caches take for the clocks and for chance.
pub trait Surroundings {
    /// The monotonic clock, since whenever.
    fn monotonic(&self) -> Duration;
    /// The kernel's coarse one, which lags behind it.
    fn coarse(&self) -> Duration;
    /// The wall clock, since 1970.
    fn wall(&self) -> Duration;
    /// A random number.
    fn number(&self) -> u64;
}

thread_local! {
    static SURROUNDINGS: RefCell<Option<Rc<dyn Surroundings>>> = const { RefCell::new(None) };
}

/// From now on, these are the clocks and the chance of this thread; `None`: the real ones.
pub fn surround(surroundings: Option<Rc<dyn Surroundings>>) {
    SURROUNDINGS.replace(surroundings);
}

/// What the surroundings say, where there are any.
pub(crate) fn surroundings<R>(ask: impl FnOnce(&dyn Surroundings) -> R) -> Option<R> {
    SURROUNDINGS.with_borrow(|surroundings| surroundings.as_deref().map(ask))
}
