//! The small scopes, and that each promise can be seen to break.

use unstale_core::Guard;

use crate::ablation::{self, TOGETHER};
use crate::promise::Promise;
use crate::scopes;
use crate::search::{Found, explore};
use crate::tale::Mark;

/// More states than it takes anywhere here.
const ENOUGH: usize = 200_000;

fn search(name: &str, limit: usize) -> Found {
    let scope = scopes::all().find(|scope| scope.name == name);
    explore(scope.expect("there is such a scope"), limit)
}

fn search_without(guards: &[Guard], name: &str, limit: usize) -> Found {
    Guard::switch_off(guards.iter().copied());
    let found = search(name, limit);
    Guard::switch_off(None);
    found
}

/// Every count is the same on every machine. One that changes with the protocol is to be looked
/// at: whether what is new is explored, and nothing that was is not.
#[test]
fn small_scopes_hold_to_their_ends() {
    let cases = [
        ("grouped", 1_192, 5_404, 16),
        ("lost-set", 2_236, 10_014, 15),
        ("rollback-unread", 133, 474, 8),
        ("misrouted-reader", 1_974, 11_262, 12),
    ];
    for (name, states, steps, depth) in cases {
        let found = search(name, usize::MAX);
        assert!(found.ended && found.broken.is_none(), "{name}");
        let counted = (found.states, found.steps, found.depth);
        assert_eq!(counted, (states, steps, depth), "{name}");
    }
}

#[test]
fn a_search_that_is_given_up_says_so() {
    let found = search("fill-and-removal", 1000);
    assert!(!found.ended && found.broken.is_none());
    assert!(found.states >= 1000);
}

/// The shortest interleavings that break a promise, one rule at a time.
#[test]
fn broken_rules_break_promises() {
    let cases = [
        (Guard::Ticket, "fill-and-removal", Promise::F1, 9),
        (
            Guard::AppendNeedsHistory,
            "positions-given-again",
            Promise::F1,
            9,
        ),
        (Guard::FirstDrop, "fill-and-removal", Promise::F2, 6),
        (
            Guard::ServersBansNeedHistory,
            "rollback-unread",
            Promise::F2,
            7,
        ),
        (Guard::OverflowBecomesBan, "overflow", Promise::F2, 2),
        (Guard::AbsorbedOnlyByLater, "grouped", Promise::F2, 9),
        (Guard::ProofForL1, "staleness", Promise::F3, 6),
        (Guard::ProofBeforeCopy, "slow-hits", Promise::F3, 10),
        (Guard::NoUnprovenJoin, "lost-proof", Promise::F3, 11),
        (
            Guard::TrimmedCountsAsLost,
            "rollback-trimmed",
            Promise::F4,
            8,
        ),
        (Guard::FenceRefusesReplicas, "misrouted", Promise::F5, 7),
        (Guard::TokenNeedsServersBans, "tokens", Promise::F6, 4),
        (Guard::FlushBeforeService, "outage", Promise::Service, 3),
    ];
    for (guard, scope, promise, steps) in cases {
        let found = search_without(&[guard], scope, ENOUGH);
        let broken = found
            .broken
            .unwrap_or_else(|| panic!("nobody misses {guard:?}"));
        let shown = (broken.violation.promise, broken.way.len());
        assert_eq!(shown, (promise, steps), "{guard:?}");
    }
}

/// What a removal does at once and what it does at its acknowledgement each suffice for what is
/// promised from the acknowledgement on; without both it is not kept. (A `set` needs both.)
#[test]
fn what_a_removal_does_twice_suffices_once() {
    let at_once = [Guard::FirstDrop, Guard::PendingReads, Guard::PendingBans];
    for broken in [&at_once[..], &[Guard::SecondDrop]] {
        let found = search_without(broken, "acknowledged-removals", ENOUGH);
        let told = found
            .broken
            .map(|broken| format!("{:?} {:?}", broken.violation, broken.way));
        assert_eq!(told, None, "{broken:?}");
        assert!(found.ended, "{broken:?}");
    }
    let all = [&at_once[..], &[Guard::SecondDrop]].concat();
    let found = search_without(&all, "acknowledged-removals", ENOUGH);
    assert!(found.broken.is_some());
}

/// A value that L2 has refused is too old, or its lease is lost: L1 does without it at once, and not
/// only when the removal arrives.
#[test]
fn l1_keeps_nothing_that_l2_has_refused() {
    let kept = |broken: &[Guard]| {
        let found = search_without(broken, "fill-and-removal", ENOUGH);
        assert!(found.broken.is_none());
        found.marks.has(Mark::RefusedAndKept)
    };
    assert!(!kept(&[]));
    assert!(kept(&[Guard::RefusedFillStaysOut]));
}

/// The server hears of a longer life before it begins.
#[test]
fn a_longer_life_is_announced() {
    let announced = |broken: &[Guard]| {
        let found = search_without(broken, "long-lives-on-servers", 10_000);
        assert!(found.broken.is_none());
        found.marks.has(Mark::TtlRaised)
    };
    assert!(announced(&[]));
    assert!(!announced(&[Guard::LongestTtlFirst]));
}

#[test]
fn rules_that_suffice_without_each_other_do_not_without_any() {
    for case in TOGETHER {
        let scope = case.scope.expect("it is missed somewhere");
        let found = search_without(case.rules, scope, ENOUGH);
        assert!(found.broken.is_some(), "{:?}", case.rules);
    }
}

#[test]
fn every_rule_is_tried_in_a_scope_that_exists_or_says_what_it_is_for() {
    let cases = ablation::chosen(&[]).expect("all of them");
    assert_eq!(cases.len(), Guard::ALL.len() + TOGETHER.len());
    for case in cases {
        if let Some(name) = case.scope {
            assert!(scopes::all().any(|scope| scope.name == name), "{name}");
        }
    }
}
