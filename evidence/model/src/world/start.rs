//! How a world begins.

use super::*;
use crate::scope::Start;

impl<'a> World<'a> {
    /// The world as its scope wants it to begin. It gets there by the same steps as everything
    /// else.
    pub(crate) fn new(scope: &'a Scope) -> Self {
        let faults = std::array::from_fn(|index| {
            let allowed = scope.faults.iter();
            let allowed = allowed.filter(|(fault, _)| *fault as usize == index);
            allowed.map(|(_, times)| times).sum()
        });
        let mut world = Self {
            scope,
            now: BEGINNING,
            site: Arc::new(Site::new(scope)),
            nodes: [0, 1].map(|_| Arc::new(Node::new(scope))),
            ledger: Arc::new(Ledger::new()),
            late: Vec::new(),
            breaks: Vec::new(),
            names: 0,
            left: Left {
                removals: scope.removals,
                sets: scope.sets,
                reads: scope.reads,
                ticks: scope.ticks,
                faults,
            },
        };
        world.bring_up();
        world
    }

    fn bring_up(&mut self) {
        if self.scope.start == Start::Cold {
            return;
        }
        for by in [0, 1] {
            self.settle_down(by);
        }
        let readers: &[usize] = match self.scope.start {
            Start::Cold | Start::Connected => &[],
            Start::Shared => &[0],
            Start::Cached => &[0, 1],
        };
        for by in readers {
            for key in 0..self.scope.keys {
                self.read_through(*by, key);
            }
        }
        if self.scope.start == Start::Shared {
            Arc::make_mut(&mut self.nodes[0]).shelf = Default::default();
        }
        if self.site.replica.is_some() {
            Arc::make_mut(&mut self.site).replicate();
        }
    }
}
