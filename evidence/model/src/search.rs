//! Breadth first through every state, so that what breaks a promise is found by its shortest
//! interleaving.

use std::collections::HashSet;
use std::hash::{BuildHasherDefault, Hasher};

use unstale_core::Canonical;

use crate::action::Action;
use crate::promise::Violation;
use crate::scope::Scope;
use crate::tale::{Marks, Tale};
use crate::world::World;

/// What was found in one scope.
pub(crate) struct Found {
    pub(crate) states: usize,
    pub(crate) steps: u64,
    /// The longest of the shortest ways to a state.
    pub(crate) depth: usize,
    pub(crate) marks: Marks,
    /// Every state was looked at.
    pub(crate) ended: bool,
    pub(crate) broken: Option<Broken>,
}

/// A promise that is broken, and the shortest way there.
pub(crate) struct Broken {
    pub(crate) violation: Violation,
    pub(crate) way: Vec<Action>,
}

/// Where a state was first reached from, and by which of the actions that were possible there.
#[derive(Copy, Clone)]
struct Origin {
    parent: u32,
    action: u16,
}

/// A fingerprint is a hash already.
#[derive(Default)]
struct AsItIs(u64);

impl Hasher for AsItIs {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, _: &[u8]) {}

    fn write_u64(&mut self, fingerprint: u64) {
        self.0 = fingerprint;
    }
}

struct Search<'a> {
    scope: &'a Scope,
    limit: usize,
    seen: HashSet<u64, BuildHasherDefault<AsItIs>>,
    origins: Vec<Origin>,
    canonical: Canonical,
    found: Found,
}

/// Explores a scope, until everything is seen, or so many states, or something is broken.
pub(crate) fn explore(scope: &Scope, limit: usize) -> Found {
    let search = Search {
        scope,
        limit,
        seen: HashSet::default(),
        origins: Vec::new(),
        canonical: Canonical::default(),
        found: Found {
            states: 0,
            steps: 0,
            depth: 0,
            marks: Marks::default(),
            ended: false,
            broken: None,
        },
    };
    search.run()
}

impl<'a> Search<'a> {
    fn run(mut self) -> Found {
        let first = World::new(self.scope);
        let mut level = Vec::new();
        self.visit(first, 0, 0, &mut level);
        let mut from = 0;
        while !level.is_empty() && self.found.broken.is_none() {
            let mut next = Vec::new();
            for (offset, world) in level.drain(..).enumerate() {
                self.expand(world, from + offset, &mut next);
                if self.found.broken.is_some() || self.origins.len() >= self.limit {
                    self.found.states = self.origins.len();
                    return self.found;
                }
            }
            from = self.origins.len() - next.len();
            self.found.depth += usize::from(!next.is_empty());
            level = next;
        }
        self.found.states = self.origins.len();
        self.found.ended = self.found.broken.is_none();
        self.found
    }

    fn expand(&mut self, world: World<'a>, index: usize, next: &mut Vec<World<'a>>) {
        let mut actions = Vec::new();
        world.actions(&mut actions);
        for (number, action) in actions.into_iter().enumerate() {
            let mut after = world.clone();
            let mut tale = Tale::default();
            let result = after.step(action, &mut tale);
            self.found.marks.merge(tale.marks);
            self.found.steps += 1;
            if let Err(violation) = result {
                let mut way = self.way_to(index);
                way.push(action);
                self.found.broken = Some(Broken { violation, way });
                return;
            }
            self.visit(after, index, number, next);
            if self.found.broken.is_some() {
                return;
            }
        }
    }

    /// Looks at a state, unless it was seen before.
    fn visit(
        &mut self,
        mut world: World<'a>,
        parent: usize,
        action: usize,
        to: &mut Vec<World<'a>>,
    ) {
        let fingerprint = world.fingerprint(&mut self.canonical);
        if !self.seen.insert(fingerprint) {
            return;
        }
        self.origins.push(Origin {
            parent: parent as u32,
            action: action as u16,
        });
        let mut tale = Tale::default();
        let mut result = world.check(&mut tale);
        if result.is_ok() && world.is_used_up() {
            result = world.rests(&mut tale);
        }
        self.found.marks.merge(tale.marks);
        match result {
            Ok(()) => to.push(world),
            Err(violation) => {
                let way = self.way_to(self.origins.len() - 1);
                self.found.broken = Some(Broken { violation, way });
            }
        }
    }

    /// The actions that lead to a state.
    fn way_to(&self, state: usize) -> Vec<Action> {
        let mut numbers = Vec::new();
        let mut at = state;
        while at != 0 {
            numbers.push(self.origins[at].action);
            at = self.origins[at].parent as usize;
        }
        let mut world = World::new(self.scope);
        let mut actions = Vec::new();
        let mut way = Vec::new();
        for number in numbers.into_iter().rev() {
            world.actions(&mut actions);
            let action = actions[usize::from(number)];
            // It has been taken before, and went well.
            drop(world.step(action, &mut Tale::default()));
            way.push(action);
        }
        way
    }
}
