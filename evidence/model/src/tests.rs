//! The small scopes, and that each promise can be seen to break.

use unstale_core::Guard;

use crate::promise::Promise;
use crate::scopes::SCOPES;
use crate::search::{Found, explore};

fn search(name: &str, limit: usize) -> Found {
    let scope = SCOPES.iter().find(|scope| scope.name == name);
    explore(scope.expect("there is such a scope"), limit)
}

/// What breaks first when a rule does.
fn broken_without(guard: Guard, name: &str) -> Promise {
    Guard::switch_off([guard]);
    let found = search(name, 100_000);
    Guard::switch_off(None);
    let broken = found.broken.expect("a promise is broken");
    broken.violation.promise
}

#[test]
fn a_small_scope_holds_to_its_end() {
    let found = search("bans-folded", usize::MAX);
    assert!(found.broken.is_none());
    assert!(found.states > 1000, "{}", found.states);
}

#[test]
fn the_same_is_found_every_time() {
    let [one, other] = [(); 2].map(|()| search("fill-and-removal", 5000));
    assert_eq!(one.states, other.states);
    assert_eq!(one.steps, other.steps);
}

#[test]
fn each_promise_can_break() {
    let cases = [
        (Guard::Ticket, "fill-and-removal", Promise::F1),
        (Guard::FirstDrop, "fill-and-removal", Promise::F2),
        (Guard::ProofForL1, "staleness", Promise::F3),
    ];
    for (guard, scope, promise) in cases {
        assert_eq!(broken_without(guard, scope), promise, "{guard:?}");
    }
}
