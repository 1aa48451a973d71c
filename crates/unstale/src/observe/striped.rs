//! A counter that threads do not fight over.

use std::cell::Cell;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

const STRIPES: usize = 8;

/// One in this many events of a thread is sampled.
pub(crate) const SAMPLE: u64 = 128;

/// Alone in its cache line.
#[derive(Default, Debug)]
#[repr(align(128))]
struct Stripe(AtomicU64);

/// Counts up, one stripe for each of the first threads.
#[derive(Default, Debug)]
pub(crate) struct Striped([Stripe; STRIPES]);

impl Striped {
    pub(crate) fn add_one(&self) {
        let stripe = THREAD.with(|thread| thread.stripe);
        self.0[stripe].0.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn total(&self) -> u64 {
        self.0
            .iter()
            .map(|stripe| stripe.0.load(Ordering::Relaxed))
            .sum()
    }
}

struct Thread {
    stripe: usize,
    events: Cell<u64>,
}

static THREADS: AtomicUsize = AtomicUsize::new(0);

thread_local! {
    static THREAD: Thread = Thread {
        stripe: THREADS.fetch_add(1, Ordering::Relaxed) % STRIPES,
        events: const { Cell::new(0) },
    };
}

/// True for one in [`SAMPLE`] calls on each thread.
pub(crate) fn sample() -> bool {
    THREAD.with(|thread| {
        let events = thread.events.get();
        thread.events.set(events.wrapping_add(1));
        events.is_multiple_of(SAMPLE)
    })
}
