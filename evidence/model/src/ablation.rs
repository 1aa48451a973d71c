//! One rule after the other is broken, and what breaks with it is shown.

use std::sync::Mutex;

use anyhow::{Result, bail};
use unstale_core::Guard;

use crate::scope::Scope;
use crate::search::explore;
use crate::story::tell;
use crate::survey::each;

/// How many states of each scope are looked at in each round: small scopes first, and deep ones
/// only for what nothing smaller shows.
const ROUNDS: [usize; 3] = [20_000, 200_000, usize::MAX];

/// What was found for one rule.
struct Line {
    guard: Guard,
    /// The promise, how many steps break it, and in which scope.
    caught: Option<(&'static str, usize, &'static str)>,
}

/// The rules of these names; all, when there are none.
pub(crate) fn chosen(names: &[String]) -> Result<Vec<Guard>> {
    let name = |guard: &Guard| format!("{guard:?}");
    if let Some(unknown) = names
        .iter()
        .find(|wanted| Guard::ALL.iter().all(|g| name(g) != **wanted))
    {
        let known = Guard::ALL.iter().map(name).collect::<Vec<_>>().join(", ");
        bail!("there is no rule `{unknown}`; there are {known}");
    }
    let is_chosen = |guard: &&Guard| names.is_empty() || names.contains(&name(guard));
    Ok(Guard::ALL.iter().filter(is_chosen).copied().collect())
}

/// Breaks each rule, prints the shortest interleaving that breaks a promise then, and ends with a
/// table in Markdown. True when every rule is missed.
pub(crate) fn run(guards: &[Guard], scopes: &[&Scope], patience: usize) -> Result<bool> {
    let lines = Mutex::new(Vec::new());
    each(guards, |guard| {
        Guard::switch_off([*guard]);
        let caught = catch(*guard, scopes, patience);
        Guard::switch_off(None);
        if let Ok(mut lines) = lines.lock() {
            lines.push(Line {
                guard: *guard,
                caught,
            });
        }
    });
    let mut lines = lines.into_inner().unwrap_or_default();
    lines.sort_by_key(|line| line.guard);
    println!("\n| rule | without it | steps | scope |\n|---|---|---|---|");
    for Line { guard, caught } in &lines {
        let (promise, steps, scope) = match caught {
            Some((promise, steps, scope)) => (*promise, steps.to_string(), *scope),
            None => ("nothing is noticed", "–".into(), "–"),
        };
        println!(
            "| **{guard:?}**: {} | {promise} | {steps} | {scope} |",
            guard.rule()
        );
    }
    let caught = lines.iter().filter(|line| line.caught.is_some()).count();
    println!(
        "\n{caught} of {} rules are missed when they are broken.",
        lines.len()
    );
    Ok(caught == lines.len())
}

fn catch(
    guard: Guard,
    scopes: &[&Scope],
    patience: usize,
) -> Option<(&'static str, usize, &'static str)> {
    for limit in ROUNDS {
        for scope in scopes {
            let found = explore(scope, limit.min(patience));
            if let Some(broken) = found.broken {
                println!(
                    "\n{guard:?} is broken ({}), in `{}`:\n{}",
                    guard.rule(),
                    scope.name,
                    tell(scope, &broken)
                );
                return Some((
                    broken.violation.promise.name(),
                    broken.way.len(),
                    scope.name,
                ));
            }
        }
    }
    println!(
        "\n{guard:?} is broken ({}): nothing is noticed",
        guard.rule()
    );
    None
}
