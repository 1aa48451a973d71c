//! The world: two instances with L1, two connections each, one L2, one log, a source, and
//! whatever may befall them.

use std::sync::Arc;
use std::time::Duration;

use unstale_core::{History, Position, Tick};

use crate::action::{Action, Step, Task};
use crate::late::Late;
use crate::ledger::Ledger;
use crate::node::delivery::Slot;
use crate::node::{Around, NAMES, Node};
use crate::promise::Violation;
use crate::scope::{Fate, Fault, How, KEYS, Scope, TICK, Target};
use crate::site::{Peer, Site};
use crate::tale::{Mark, Tale, say};

mod check;
mod choice;
mod faults;
mod fingerprint;
mod rest;
mod start;
mod step;

/// When a world begins: later than any span.
const BEGINNING: Tick = Tick::from_nanos(1_000_000 * TICK.as_nanos() as u64);

#[derive(Clone, Debug)]
pub(crate) struct World<'a> {
    scope: &'a Scope,
    now: Tick,
    site: Arc<Site>,
    nodes: [Arc<Node>; 2],
    ledger: Arc<Ledger>,
    late: Vec<Late>,
    /// Histories that are over, and since when.
    breaks: Vec<(Tick, History)>,
    /// The last name that was given to anything.
    names: u64,
    left: Left,
}

/// What may still happen.
#[derive(Clone, PartialEq, Debug)]
struct Left {
    removals: [u8; 2],
    sets: [u8; 2],
    reads: [u8; 2],
    ticks: u8,
    faults: [u8; Fault::COUNT],
}

impl<'a> World<'a> {
    fn around<'b>(&'b mut self, by: usize, tale: &'b mut Tale) -> (&'b mut Node, Around<'b>) {
        let around = Around {
            scope: self.scope,
            by,
            now: self.now,
            site: &mut self.site,
            ledger: &mut self.ledger,
            names: &mut self.names,
            tale,
        };
        (Arc::make_mut(&mut self.nodes[by]), around)
    }

    fn max_staleness(&self) -> Duration {
        self.scope.max_staleness()
    }

    /// Who takes a step, for those who read it.
    pub(crate) fn who(action: Action) -> &'static str {
        match action {
            Action::By(by, _) => NAMES[usize::from(by)],
            _ => "",
        }
    }

    /// How many ticks have passed.
    pub(crate) fn ticks(&self) -> u64 {
        let passed = self.now.since(BEGINNING).as_nanos() / TICK.as_nanos();
        u64::try_from(passed).unwrap_or(u64::MAX)
    }
}
