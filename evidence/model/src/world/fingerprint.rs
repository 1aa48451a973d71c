//! Which worlds are taken for one.

use unstale_core::Canonical;

use super::*;

impl World<'_> {
    /// The same for worlds that behave alike, and where both instances may do the same, also when
    /// they have changed places.
    pub(crate) fn fingerprint(&self, by: &mut Canonical) -> u64 {
        self.write(by, [0, 1]);
        let fingerprint = by.fingerprint();
        if !self.scope.is_symmetric() {
            return fingerprint;
        }
        self.write(by, [1, 0]);
        fingerprint.min(by.fingerprint())
    }

    fn write(&self, to: &mut Canonical, order: [usize; 2]) {
        to.start(self.now);
        to.list(order, |to, by| to.origin(by as u64 + 1));
        for by in order {
            self.nodes[by].write(to, self.scope, self.now);
            to.number(self.left.removals[by].into());
            to.number(self.left.sets[by].into());
            to.number(self.left.reads[by].into());
        }
        let read = self.nodes.iter().map(|node| node.partition.position());
        self.site
            .write(to, self.now, read.min().unwrap_or_default());
        // The order of the instances is its own inverse.
        self.ledger.write(to, order, self.max_staleness());
        to.list(&self.late, |to, late| late.write(to));
        to.list(&self.breaks, |to, (since, history)| {
            to.since(*since, self.max_staleness());
            to.history(*history);
        });
        to.number(self.left.ticks.into());
        to.list(self.left.faults, |to, left| to.number(left.into()));
    }
}
