//! Counts hits in L1, without threads that fight over a counter.

use std::cell::Cell;
use std::num::NonZeroU16;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::Mutex;

/// One in this many hits of a thread is sampled.
pub(crate) const SAMPLE: u64 = 128;

/// As many threads count on their own at any time. The others share what is behind.
const OWN_STRIPES: usize = 64;
const SHARED: Stripe = Stripe(OWN_STRIPES);

/// Whose counters a thread counts with.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(super) struct Stripe(usize);

/// The number of a series in its catalogue.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(crate) struct SeriesId(NonZeroU16);

impl SeriesId {
    /// As many there can be.
    pub(super) const MOST: usize = u16::MAX as usize;

    /// The series at this place; `None` beyond the last that has a number.
    pub(super) fn at(place: usize) -> Option<Self> {
        let number = u16::try_from(place + 1).ok()?;
        NonZeroU16::new(number).map(Self)
    }

    pub(super) fn place(self) -> usize {
        usize::from(self.0.get()) - 1
    }
}

/// The counters of this many series fill a line of memory, or two that are fetched together.
const LINE: usize = 16;

/// Alone in its cache lines, so that what is beside it belongs to the same thread.
#[derive(Default, Debug)]
#[repr(align(128))]
struct Line([AtomicU64; LINE]);

/// The hits of all series. Each of the first threads has counters of its own, which it alone
/// writes to, so that counting takes no locked instruction.
#[derive(Debug)]
pub(super) struct Hits {
    lines: usize,
    stripes: Box<[OnceLock<Box<[Line]>>]>,
}

impl Hits {
    pub(super) fn new(series: usize) -> Self {
        Self {
            lines: series.div_ceil(LINE),
            stripes: (0..=SHARED.0).map(|_| OnceLock::new()).collect(),
        }
    }

    /// Counts a hit of the thread that has this stripe.
    #[inline]
    pub(super) fn count(&self, series: SeriesId, stripe: Stripe) {
        let Some(own) = self.stripes.get(stripe.0) else {
            return;
        };
        let lines = own.get_or_init(|| (0..self.lines).map(|_| Line::default()).collect());
        let place = series.place();
        let Some(line) = lines.get(place / LINE) else {
            return;
        };
        let counter = &line.0[place % LINE];
        if stripe == SHARED {
            counter.fetch_add(1, Ordering::Relaxed);
        } else {
            // Nobody else writes here: whoever has the stripe next gets it through a lock.
            let counted = counter.load(Ordering::Relaxed);
            counter.store(counted + 1, Ordering::Relaxed);
        }
    }

    pub(super) fn of(&self, series: SeriesId) -> u64 {
        let place = series.place();
        let counters = self.stripes.iter().filter_map(|stripe| {
            let line = stripe.get()?.get(place / LINE)?;
            Some(line.0[place % LINE].load(Ordering::Relaxed))
        });
        counters.sum()
    }
}

/// One hit of a thread: where it is counted, and whether it is one of the sample.
#[derive(Copy, Clone)]
pub(super) struct Turn {
    pub(super) stripe: Stripe,
    pub(super) is_sampled: bool,
}

/// This thread's next turn.
#[inline]
pub(super) fn turn() -> Turn {
    // Where threads keep such things in another way, one that is ending has them no longer.
    let turns = TURNS.try_with(|turns| turns.replace(turns.get().wrapping_add(1)));
    let turns = turns.unwrap_or(1);
    let stripe = STRIPE.try_with(Cell::get).unwrap_or(Some(SHARED));
    Turn {
        stripe: stripe.unwrap_or_else(take_stripe),
        is_sampled: turns.is_multiple_of(SAMPLE),
    }
}

// Apart from what is to be dropped when the thread ends, so that reading them takes no more than
// that.
thread_local! {
    static TURNS: Cell<u64> = const { Cell::new(0) };
    static STRIPE: Cell<Option<Stripe>> = const { Cell::new(None) };
    static TAKEN: Taken = Taken(FREE.lock().take());
}

/// The stripe of this thread from now on.
#[cold]
fn take_stripe() -> Stripe {
    // A thread that is ending has given its stripe back.
    let stripe = TAKEN.try_with(|taken| taken.0).unwrap_or(SHARED);
    let _ = STRIPE.try_with(|own| own.set(Some(stripe)));
    stripe
}

/// A stripe, for as long as its thread lives.
struct Taken(Stripe);

impl Drop for Taken {
    fn drop(&mut self) {
        // Values that are dropped after this may still ask the cache.
        let _ = STRIPE.try_with(|own| own.set(Some(SHARED)));
        if self.0 != SHARED {
            FREE.lock().returned.push(self.0);
        }
    }
}

/// The stripes that no thread has.
struct Free {
    untouched: usize,
    returned: Vec<Stripe>,
}

static FREE: Mutex<Free> = Mutex::new(Free {
    untouched: 0,
    returned: Vec::new(),
});

impl Free {
    fn take(&mut self) -> Stripe {
        if let Some(stripe) = self.returned.pop() {
            return stripe;
        }
        let stripe = self.untouched;
        self.untouched = (stripe + 1).min(OWN_STRIPES);
        Stripe(stripe)
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    #[test]
    fn no_hit_is_lost_however_many_threads_come_and_go() {
        const HITS: u64 = 1000;
        let hits = Hits::new(2 * LINE);
        let series = SeriesId::at(LINE).unwrap();
        let threads = 2 * OWN_STRIPES as u64;
        for _ in 0..2 {
            thread::scope(|scope| {
                for _ in 0..threads {
                    scope.spawn(|| (0..HITS).for_each(|_| hits.count(series, turn().stripe)));
                }
            });
        }
        assert_eq!(hits.of(series), 2 * threads * HITS);
        assert_eq!(hits.of(SeriesId::at(LINE - 1).unwrap()), 0);
    }

    #[test]
    fn no_two_threads_have_the_same_stripe_unless_it_is_shared() {
        let mut free = Free {
            untouched: 0,
            returned: Vec::new(),
        };
        let taken: Vec<_> = (0..OWN_STRIPES + 2).map(|_| free.take().0).collect();
        let own: Vec<_> = (0..OWN_STRIPES).collect();
        assert_eq!(taken, [own, vec![SHARED.0; 2]].concat());
        free.returned.push(Stripe(3));
        assert_eq!([free.take(), free.take()], [Stripe(3), SHARED]);
    }

    #[test]
    fn the_last_series_has_the_last_number() {
        assert_eq!(SeriesId::at(0).map(SeriesId::place), Some(0));
        let last = SeriesId::MOST - 1;
        assert_eq!(SeriesId::at(last).map(SeriesId::place), Some(last));
        assert_eq!(SeriesId::at(last + 1), None);
    }
}
