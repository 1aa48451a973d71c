//! All scopes, explored to their ends.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Instant;

use crate::scope::Scope;
use crate::search::{Found, explore};
use crate::story::tell;
use crate::tale::Mark;

/// Explores the scopes, two at a time, and says whether every promise held and every case that a
/// scope claims to cover occurred. A scope of more states than `patience` is given up.
pub(crate) fn run(scopes: &[&Scope], patience: usize) -> bool {
    println!(
        "{:20} {:>10} {:>11} {:>6} {:>8}  promises broken",
        "scope", "states", "steps", "depth", "time"
    );
    let began = Instant::now();
    let totals = Mutex::new((0, 0, true));
    each(scopes, |scope| {
        let began = Instant::now();
        let found = explore(scope, patience);
        let missing = missing(scope, &found);
        let result = match (&found.broken, &missing[..]) {
            (Some(broken), _) => format!(
                "{}\n{}",
                broken.violation.promise.name(),
                tell(scope, broken)
            ),
            (None, _) if !found.ended => "0, but it is not explored to its end".into(),
            (None, []) => "0".into(),
            (None, missing) => format!("0, but these never happened: {missing:?}"),
        };
        let took = began.elapsed().as_secs_f64();
        let line = format!(
            "{:20} {:>10} {:>11} {:>6} {:>6.1} s  {result}",
            scope.name, found.states, found.steps, found.depth, took
        );
        if let Ok(mut totals) = totals.lock() {
            totals.0 += found.states;
            totals.1 += found.steps;
            totals.2 &= found.ended && found.broken.is_none() && missing.is_empty();
            println!("{line}");
        }
    });
    let (states, steps, held) = totals.into_inner().unwrap_or((0, 0, false));
    let verdict = if held {
        "Everything held."
    } else {
        "Not everything held."
    };
    let took = began.elapsed().as_secs_f64();
    println!(
        "{} scopes, {states} states, {steps} steps in {took:.1} s. {verdict}",
        scopes.len()
    );
    held
}

fn missing(scope: &Scope, found: &Found) -> Vec<Mark> {
    let marks = scope.must_see.iter().copied();
    marks.filter(|mark| !found.marks.has(*mark)).collect()
}

/// Does something with each, on two threads: more would need more memory than they save time.
pub(crate) fn each<T: Sync>(all: &[T], work: impl Fn(&T) + Sync) {
    let next = AtomicUsize::new(0);
    thread::scope(|threads| {
        for _ in 0..2 {
            threads.spawn(|| {
                while let Some(one) = all.get(next.fetch_add(1, Ordering::Relaxed)) {
                    work(one);
                }
            });
        }
    });
}
