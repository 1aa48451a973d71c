//! Making a run that fails smaller, for as long as it fails in the same way.

use crate::plan::{FaultKind, Plan};
use crate::run::{Outcome, Violation};

/// So many runs are tried at most.
const TRIES: usize = 4000;

/// The smallest run that was found to fail as this one does, and what came of it.
pub fn shrink(plan: &Plan, violation: &Violation) -> (Plan, Outcome) {
    let mut smallest = plan.clone();
    let mut tries = 0;
    while let Some(smaller) = smaller(&smallest, violation, &mut tries) {
        smallest = smaller;
    }
    let outcome = smallest.run(true);
    (smallest, outcome)
}

fn smaller(plan: &Plan, violation: &Violation, tries: &mut usize) -> Option<Plan> {
    candidates(plan).into_iter().find(|candidate| {
        *tries += 1;
        let fails = || candidate.run(false).violation;
        *tries <= TRIES && fails().is_some_and(|found| found.is_like(violation))
    })
}

/// Everything that is a little less than the plan, the boldest first.
fn candidates(plan: &Plan) -> Vec<Plan> {
    let mut candidates = Vec::new();
    let mut with = |change: &dyn Fn(&mut Plan)| {
        let mut candidate = plan.clone();
        change(&mut candidate);
        candidates.push(candidate);
    };
    if plan.setting.storm > 0 {
        with(&|plan| plan.setting.storm = 0);
    }
    for index in 0..plan.clients.len() {
        with(&|plan| {
            plan.clients.remove(index);
        });
    }
    for index in 0..plan.faults.len() {
        with(&|plan| {
            plan.faults.remove(index);
        });
    }
    for (index, client) in plan.clients.iter().enumerate() {
        let steps = client.steps.len();
        if steps > 3 {
            with(&|plan| plan.clients[index].steps.truncate(steps / 2));
            with(&|plan| drop(plan.clients[index].steps.drain(..steps / 2)));
        }
        for step in 0..steps {
            with(&|plan| {
                plan.clients[index].steps.remove(step);
            });
            if client.steps[step].patience.is_some() {
                with(&|plan| plan.clients[index].steps[step].patience = None);
            }
        }
    }
    let last = plan.setting.instances - 1;
    let is_idle = plan.clients.iter().all(|client| client.instance != last)
        && plan
            .faults
            .iter()
            .all(|fault| fault.kind.instance() != Some(last));
    if last > 0 && is_idle {
        with(&|plan| plan.setting.instances = last);
    }
    candidates
}

impl Violation {
    /// Whether the same thing is broken.
    fn is_like(&self, other: &Violation) -> bool {
        match (self, other) {
            (Violation::Read(one), Violation::Read(other)) => one.rule == other.rule,
            (one, other) => std::mem::discriminant(one) == std::mem::discriminant(other),
        }
    }
}

impl FaultKind {
    /// The instance that it befalls, if it is one.
    fn instance(&self) -> Option<usize> {
        match self {
            FaultKind::Partition { instance, .. }
            | FaultKind::Cut { instance, .. }
            | FaultKind::Deaf { instance, .. }
            | FaultKind::Pause { instance, .. }
            | FaultKind::Replace { instance, .. } => Some(*instance),
            _ => None,
        }
    }
}
