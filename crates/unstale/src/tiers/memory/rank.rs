//! Which priorities the current eviction round may take.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU64, AtomicUsize, Ordering};

use quick_cache::Lifecycle;

use super::gone::Gone;
use super::{Held, Value};
use crate::policy::Priority;

/// An eviction round: it takes entries of this priority and below.
#[derive(Copy, Clone)]
pub(super) struct Round(pub(super) Priority);

impl Round {
    pub(super) const ALL: [Round; 3] = [
        Round(Priority::Low),
        Round(Priority::Normal),
        Round(Priority::High),
    ];
}

#[derive(Default)]
struct State {
    round: AtomicU8,
    /// How many copies of each priority are held. It only saves rounds that would find nothing.
    held: [AtomicUsize; 4],
    /// What the copies weigh that are never evicted.
    pinned: AtomicU64,
    /// The address of the value that is being inserted: meanwhile nothing evicts it.
    entering: AtomicUsize,
}

/// Tells `quick_cache` what may not be evicted now.
#[derive(Clone, Default)]
pub(super) struct Ranks(Arc<State>);

impl Ranks {
    pub(super) fn start(&self, round: Round) {
        self.0.round.store(round.0.level(), Ordering::Relaxed);
    }

    /// The lowest priority that is held; [`Priority::High`] when there is none to evict.
    pub(super) fn lowest(&self) -> Priority {
        [Priority::Low, Priority::Normal]
            .into_iter()
            .find(|priority| self.count(*priority).load(Ordering::Relaxed) > 0)
            .unwrap_or(Priority::High)
    }

    pub(super) fn entered(&self, held: &Held) {
        self.count(held.priority()).fetch_add(1, Ordering::Relaxed);
        if held.priority() == Priority::NeverRemove {
            self.0.pinned.fetch_add(held.weight(), Ordering::Relaxed);
        }
    }

    /// Whose value is being inserted now. Only one is at a time.
    pub(super) fn enters(&self, value: Option<&Value>) {
        let address = value.map_or(0, address_of);
        self.0.entering.store(address, Ordering::Relaxed);
    }

    pub(super) fn left(&self, held: &Held) {
        self.count(held.priority()).fetch_sub(1, Ordering::Relaxed);
        if held.priority() == Priority::NeverRemove {
            self.0.pinned.fetch_sub(held.weight(), Ordering::Relaxed);
        }
    }

    pub(super) fn pinned_weight(&self) -> u64 {
        self.0.pinned.load(Ordering::Relaxed)
    }

    fn count(&self, priority: Priority) -> &AtomicUsize {
        &self.0.held[usize::from(priority.level())]
    }
}

fn address_of(value: &Value) -> usize {
    Arc::as_ptr(value).addr()
}

impl Lifecycle<Held, Value> for Ranks {
    type RequestState = Gone;

    fn is_pinned(&self, held: &Held, value: &Value) -> bool {
        address_of(value) == self.0.entering.load(Ordering::Relaxed)
            || held.priority() == Priority::NeverRemove
            || held.priority().level() > self.0.round.load(Ordering::Relaxed)
    }

    /// Under the lock of a shard.
    fn on_evict(&self, gone: &mut Gone, held: Held, value: Value) {
        self.left(&held);
        gone.push(value);
    }
}
