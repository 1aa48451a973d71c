//! An interleaving, told step by step.

use crate::action::Action;
use crate::scope::Scope;
use crate::search::Broken;
use crate::tale::Tale;
use crate::world::World;

/// One line for each step, and what it comes to. The rules that were broken when it was found
/// have to be broken on this thread.
pub(crate) fn tell(scope: &Scope, broken: &Broken) -> String {
    let mut world = World::new(scope);
    let mut lines = Vec::new();
    for action in &broken.way {
        lines.push(line(&mut world, *action));
    }
    lines.push(format!("  broken: {}", broken.violation));
    lines.join("\n")
}

fn line(world: &mut World<'_>, action: Action) -> String {
    let mut tale = Tale::in_words();
    let ticks = world.ticks();
    // The last step of a story ends in what breaks the promise, which is told at its end.
    let _ = world.step(action, &mut tale);
    format!("  [{ticks}] {:8} {}", World::who(action), tale.into_words())
}
