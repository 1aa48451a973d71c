//! What the simulation itself has to do: repeat its runs, find nothing in the library as it ships,
//! and notice what is broken.

use simulation::{Campaign, Guard, Outcome, Plan, Violation, shrink};

const CAMPAIGN: Campaign = Campaign {
    from: 0,
    seeds: 300,
    threads: 2,
    broken: None,
    repeat: false,
};

/// The first run that fails with this rule broken, and how. On this thread the rule stays broken.
fn first_failure(rule: Guard, seeds: u64) -> Option<(Plan, Violation)> {
    Guard::switch_off(Some(rule));
    let mut plans = (0..seeds).map(Plan::draw);
    plans.find_map(|plan| {
        let violation = plan.run(false).violation?;
        Some((plan, violation))
    })
}

fn rule_of(violation: &Violation) -> Option<history::Rule> {
    match violation {
        Violation::Read(read) => Some(read.rule),
        _ => None,
    }
}

#[test]
fn nothing_is_broken() {
    let result = CAMPAIGN.run(|_, _| ());
    assert!(result.failures.is_empty(), "{:?}", result.failures);
    assert_eq!(result.totals.runs, CAMPAIGN.seeds);
    let figures = &result.totals.figures;
    for source in history::Source::ALL {
        assert!(figures.of(source).reads > 100, "{source} was hardly read");
    }
    assert!(
        result.totals.faults.len() > 15,
        "{:?}",
        result.totals.faults
    );
}

#[test]
fn a_seed_repeats_its_run() {
    let hashes = (0..100).map(|seed| {
        let run = || Plan::draw(seed).run(true);
        let (once, again): (Outcome, Outcome) = (run(), run());
        let differs = once
            .trace
            .iter()
            .zip(&again.trace)
            .find(|(one, other)| one != other);
        assert_eq!(differs, None, "seed {seed}");
        assert_eq!(once.trace.len(), again.trace.len(), "seed {seed}");
        assert_eq!(once.hash, again.hash, "seed {seed}");
        once.hash
    });
    let different: std::collections::HashSet<_> = hashes.collect();
    assert_eq!(different.len(), 100, "different seeds are different runs");
}

#[test]
fn broken_rules_are_noticed() {
    for rule in [
        Guard::Ticket,
        Guard::BansJudgeRecords,
        Guard::NoOlderFlight,
        Guard::LeaseCompareAndSet,
        Guard::OverflowBecomesBan,
        Guard::FlightCoversToken,
        Guard::BansAreRecorded,
        Guard::LostTail,
        Guard::OwnerIsCompared,
    ] {
        let failure = first_failure(rule, 500);
        assert!(failure.is_some(), "{rule:?} is broken, and nobody notices");
    }
    Guard::switch_off(None);
}

#[test]
fn a_run_made_smaller_fails_in_the_same_way() {
    let (plan, violation) = first_failure(Guard::LeaseCompareAndSet, 500).expect("it is noticed");
    let (smallest, outcome) = shrink(&plan, &violation);
    assert!(smallest.size() < plan.size());
    let still = outcome.violation.expect("it still fails");
    assert_eq!(rule_of(&still), rule_of(&violation));
    assert!(rule_of(&still).is_some());
    assert!(!outcome.trace.is_empty());
    Guard::switch_off(None);
    assert!(
        smallest.run(false).violation.is_none(),
        "the broken rule is why"
    );
}

#[test]
fn at_rest_what_is_set_can_be_read_everywhere() {
    let mut runs = 0;
    for seed in 0..150 {
        let trace = Plan::draw(seed).run(true).trace;
        // Those who use an instance at rest have numbers of their own.
        let set = |line: &String| line.contains("client 10") && line.contains(": sets value");
        let Some(last) = trace.iter().rposition(set) else {
            continue;
        };
        let value = trace[last].rsplit(' ').next().expect("a value");
        for user in [100, 101] {
            let read = format!("client {user}: has version {value} of s:0");
            let found = trace[last..].iter().any(|line| line.contains(&read));
            assert!(found, "seed {seed}: no {read:?}");
        }
        runs += 1;
    }
    assert!(runs > 5, "only {runs} runs set anything");
}
