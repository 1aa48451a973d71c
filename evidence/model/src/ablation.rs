//! One rule after the other is broken, and what breaks with it is shown.

use std::sync::Mutex;

use anyhow::{Result, bail};
use unstale_core::Guard;

use crate::scope::Scope;
use crate::search::explore;
use crate::story::tell;
use crate::survey::each;

mod cases;

pub(crate) use cases::{Case, TOGETHER};

/// Where nothing is expected, only so many states of each scope are looked at.
const GLANCE: usize = 5_000;

/// How many states of each scope are looked at in each round, where the fitting one shows
/// nothing: small scopes first, and deep ones only for what nothing smaller shows.
const ROUNDS: [usize; 3] = [20_000, 200_000, usize::MAX];

/// What was found for one case.
struct Line {
    case: Case,
    /// The promise, how many steps break it, and in which scope.
    caught: Option<(&'static str, usize, &'static str)>,
}

/// The cases of these rules alone and together; where none is named, all.
pub(crate) fn chosen(names: &[String]) -> Result<Vec<Case>> {
    let name = |guard: &Guard| format!("{guard:?}");
    if let Some(unknown) = names
        .iter()
        .find(|wanted| Guard::ALL.iter().all(|g| name(g) != **wanted))
    {
        let known = Guard::ALL.iter().map(name).collect::<Vec<_>>().join(", ");
        bail!("there is no rule `{unknown}`; there are {known}");
    }
    let is_chosen = |guard: &&Guard| names.is_empty() || names.contains(&name(guard));
    let alone = Guard::ALL.iter().filter(is_chosen).map(Case::of);
    let are_chosen = |case: &&Case| case.rules.iter().all(|guard| is_chosen(&guard));
    let together = TOGETHER.iter().filter(are_chosen).copied();
    Ok(alone.chain(together).collect())
}

/// Breaks the rules of each case, prints the shortest interleaving that breaks a promise then, and
/// ends with a table in Markdown. True when each is missed, but for those of which that is known.
pub(crate) fn run(cases: &[Case], scopes: &[&Scope], patience: usize) -> bool {
    let lines = Mutex::new(Vec::new());
    each(cases, |case| {
        Guard::switch_off(case.rules.iter().copied());
        let caught = catch(*case, scopes, patience);
        Guard::switch_off(None);
        if let Ok(mut lines) = lines.lock() {
            lines.push(Line {
                case: *case,
                caught,
            });
        }
    });
    let mut lines = lines.into_inner().unwrap_or_default();
    lines.sort_by_key(|line| (line.case.rules.len(), line.case.rules));
    println!("\n| rule | without it | steps | scope |\n|---|---|---|---|");
    for Line { case, caught } in &lines {
        let rule = case.told();
        match (caught, case.stands_for) {
            (Some((promise, steps, scope)), _) => {
                println!("| {rule} | {promise} | {steps} | {scope} |");
            }
            (None, Some(reason)) => println!("| {rule} | nothing here: {reason} | – | – |"),
            (None, None) => println!("| {rule} | **nothing is noticed** | – | – |"),
        }
    }
    let caught = lines.iter().filter(|line| line.caught.is_some()).count();
    let all = lines.len();
    println!("\nOf {all} cases {caught} are missed when they are broken.");
    // Of a rule that is missed after all, something else was said.
    lines
        .iter()
        .all(|line| line.caught.is_some() != line.case.stands_for.is_some())
}

fn catch(
    case: Case,
    scopes: &[&Scope],
    patience: usize,
) -> Option<(&'static str, usize, &'static str)> {
    let first = scopes.iter().filter(|scope| Some(scope.name) == case.scope);
    let first = first.map(|scope| (scope, patience));
    let limits = match case.stands_for {
        Some(_) => &[GLANCE][..],
        None => &ROUNDS[..],
    };
    let rounds = limits.iter().flat_map(|limit| {
        let limit = patience.min(*limit);
        scopes.iter().map(move |scope| (scope, limit))
    });
    for (scope, limit) in first.chain(rounds) {
        let found = explore(scope, limit);
        if let Some(broken) = found.broken {
            println!(
                "\nBroken: {}; in `{}`:\n{}",
                case.told(),
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
    println!("\nBroken: {}; nothing is noticed", case.told());
    None
}
