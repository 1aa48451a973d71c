use std::{
    collections::{HashMap, VecDeque},
    sync::Mutex,
    time::{Duration, Instant},
};

use crate::{domain::Symbol, live::locked};

/// The oldest version of each price that the contract lets a read be answered with.
///
/// A read must not be older than what was removed on its own instance before it began (F2), nor than
/// what was removed on another one and acknowledged more than `MaxStaleness` before it began (F3).
/// All times are taken late and those of reads early, so no read is called stale that was not.
pub(crate) struct Floors {
    max_staleness: Duration,
    symbols: Mutex<HashMap<Symbol, Removed>>,
}

/// The versions of one price whose removal has returned.
#[derive(Default)]
struct Removed {
    /// The newest by instance, acknowledged or pending.
    here: HashMap<usize, i64>,
    /// Those acknowledged lately, in the order of the times.
    lately: VecDeque<(Instant, i64)>,
    /// The newest of those acknowledged before.
    everywhere: i64,
}

impl Floors {
    pub(crate) fn new(max_staleness: Duration) -> Self {
        Self {
            max_staleness,
            symbols: Mutex::default(),
        }
    }

    pub(crate) fn max_staleness(&self) -> Duration {
        self.max_staleness
    }

    /// The removal for this version has returned on an instance, `acknowledged` or pending.
    pub(crate) fn removed(
        &self,
        instance: usize,
        symbol: &Symbol,
        version: i64,
        acknowledged: bool,
        now: Instant,
    ) {
        let mut symbols = locked(&self.symbols);
        let removed = symbols.entry(symbol.clone()).or_default();
        let here = removed.here.entry(instance).or_default();
        *here = version.max(*here);
        if acknowledged {
            removed.lately.push_back((now, version));
        }
        removed.settle(self.max_staleness, now);
    }

    /// The oldest version that a read on this instance which begins now may be answered with.
    pub(crate) fn floor(&self, instance: usize, symbol: &Symbol, now: Instant) -> i64 {
        let mut symbols = locked(&self.symbols);
        let Some(removed) = symbols.get_mut(symbol) else {
            return 0;
        };
        removed.settle(self.max_staleness, now);
        let here = removed.here.get(&instance).copied().unwrap_or_default();
        here.max(removed.everywhere)
    }
}

impl Removed {
    fn settle(&mut self, max_staleness: Duration, now: Instant) {
        let is_over = |&mut (at, _): &mut (Instant, i64)| at + max_staleness < now;
        while let Some((_, version)) = self.lately.pop_front_if(is_over) {
            self.everywhere = self.everywhere.max(version);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOUND: Duration = Duration::from_secs(2);

    fn msft() -> Symbol {
        "MSFT".parse().unwrap()
    }

    #[test]
    fn ones_own_writes_count_at_once_and_those_of_others_after_the_bound() {
        let floors = Floors::new(BOUND);
        let now = Instant::now();
        floors.removed(0, &msft(), 7, true, now);
        assert_eq!(floors.floor(0, &msft(), now), 7);
        assert_eq!(floors.floor(1, &msft(), now + BOUND), 0);
        let later = now + BOUND + Duration::from_millis(1);
        assert_eq!(floors.floor(1, &msft(), later), 7);
        assert_eq!(floors.floor(1, &"IBM".parse().unwrap(), later), 0);
    }

    #[test]
    fn a_pending_removal_binds_its_own_instance_only() {
        let floors = Floors::new(BOUND);
        let now = Instant::now();
        floors.removed(0, &msft(), 7, false, now);
        let later = now + 2 * BOUND;
        assert_eq!(floors.floor(0, &msft(), later), 7);
        assert_eq!(floors.floor(1, &msft(), later), 0);
        floors.removed(0, &msft(), 8, true, later);
        assert_eq!(floors.floor(1, &msft(), later + 2 * BOUND), 8);
    }

    #[test]
    fn what_returns_out_of_order_lowers_nothing() {
        let floors = Floors::new(BOUND);
        let now = Instant::now();
        floors.removed(0, &msft(), 8, true, now);
        floors.removed(0, &msft(), 7, true, now);
        assert_eq!(floors.floor(0, &msft(), now), 8);
        assert_eq!(floors.floor(1, &msft(), now + 2 * BOUND), 8);
    }
}
