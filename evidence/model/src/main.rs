//! Explores every interleaving of the protocol within bounds, with the core that ships, and breaks
//! each of its rules to show what it is for.
//!
//! The search is our own, and not `stateright`'s: a rule is broken on one thread, and `stateright`
//! explores on threads of its own; its properties are yes or no, while a violation here says what
//! was read and what had to be seen; and its search finds the shortest interleaving only on a single
//! thread. So scopes are explored in parallel, each on one thread, breadth first, which makes every
//! count and every interleaving the same on every machine.

use std::process::ExitCode;

use anyhow::{Result, bail};
use clap::Parser;

use crate::options::Options;
use crate::scope::Scope;

mod ablation;
mod action;
mod late;
mod ledger;
mod node;
mod options;
mod promise;
mod scope;
mod scopes;
mod search;
mod site;
mod story;
mod survey;
mod tale;
#[cfg(test)]
mod tests;
mod world;

fn main() -> Result<ExitCode> {
    let options = Options::parse();
    let scopes = chosen(&options)?;
    if options.list {
        for scope in scopes {
            println!("{:24} {}", scope.name, scope.about);
        }
        return Ok(ExitCode::SUCCESS);
    }
    let held = if options.ablations {
        let cases = ablation::chosen(&options.guards)?;
        ablation::run(&cases, &scopes, options.patience.unwrap_or(2_000_000))
    } else {
        survey::run(&scopes, options.patience.unwrap_or(usize::MAX))
    };
    Ok(if held {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// The scopes that were asked for.
fn chosen(options: &Options) -> Result<Vec<&'static Scope>> {
    let is_known = |name: &&String| scopes::all().any(|scope| scope.name == **name);
    if let Some(unknown) = options.scopes.iter().find(|name| !is_known(name)) {
        let known: Vec<_> = scopes::all().map(|scope| scope.name).collect();
        bail!(
            "there is no scope `{unknown}`; there are {}",
            known.join(", ")
        );
    }
    let is_chosen = |scope: &&Scope| {
        let named = options.scopes.iter().any(|name| name == scope.name);
        named || (options.scopes.is_empty() && (scope.quick || !options.quick))
    };
    Ok(scopes::all().filter(is_chosen).collect())
}
