//! Memory is bounded, and what is forgotten changes no verdict.

use std::time::Duration;

use history::{Contract, Event, Invalidation, Judge, Moment, Read, Rule, Source, Write};

use crate::notation::BOUND;

const HORIZON: u64 = 1_000;

fn forgetful() -> Judge {
    let contract = Contract::new(Duration::from_nanos(BOUND));
    Judge::new(contract.with_horizon(Duration::from_nanos(HORIZON)))
}

fn write(version: u64, instance: u32, ended: u64, acknowledged: bool) -> Event {
    Event::Write(Write {
        key: 1,
        version,
        instance,
        began: Moment::from_nanos(ended - 1),
        ended: Moment::from_nanos(ended),
        acknowledged,
        invalidation: Invalidation::Removal,
    })
}

fn read(version: u64, instance: u32, began: u64) -> Event {
    Event::Read(Read {
        key: 1,
        version,
        instance,
        source: Source::L1,
        began: Moment::from_nanos(began),
        ended: Moment::from_nanos(began + 1),
        at_least: 0,
    })
}

/// Many writes by many instances, of which every tenth is acknowledged.
fn run(judge: &mut Judge, writes: u64) {
    for version in 1..=writes {
        let ended = version * 10;
        let event = write(version, (version % 7) as u32, ended, version % 10 == 0);
        judge.report(0, [event], Moment::from_nanos(ended));
    }
}

#[test]
fn what_is_remembered_does_not_grow() {
    let mut judge = forgetful();
    run(&mut judge, 1_000);
    let after_a_thousand = judge.remembered();
    run(&mut judge, 20_000);
    // A tenth of the writes within the horizon are acknowledged, by key; besides those, each
    // instance's own since the bound.
    let steps = 2 * (HORIZON / 100 + 2) + BOUND / 10 + 20;
    assert!(after_a_thousand <= steps as usize, "{after_a_thousand}");
    assert!(
        judge.remembered() <= steps as usize,
        "{}",
        judge.remembered()
    );
}

#[test]
fn what_was_forgotten_is_a_violation_all_the_same() {
    let mut judge = forgetful();
    run(&mut judge, 1_000);
    let reads = [
        read(0, 99, 10_050),
        read(899, 99, 10_050),
        read(990, 99, 10_050),
    ];
    judge.report(0, reads, Moment::from_nanos(10_050));
    let verdicts: Vec<_> = judge.verdicts().collect();
    let staleness: Vec<_> = verdicts
        .iter()
        .map(|one| one.staleness.as_nanos())
        .collect();
    let rules = verdicts
        .iter()
        .map(|one| one.violation.as_ref().map(|one| one.rule));
    assert_eq!(
        rules.collect::<Vec<_>>(),
        [
            Some(Rule::BoundedStaleness),
            Some(Rule::BoundedStaleness),
            None
        ]
    );
    // Version 1 was missed for 9,950 ns: beyond the horizon only that much more than it is known.
    assert!(staleness[0] >= u128::from(HORIZON), "{staleness:?}");
    assert_eq!(staleness[1..], [1_050, 50]);
}

#[test]
fn a_pending_removal_is_its_instances_for_as_long_as_nothing_covers_it() {
    let mut judge = forgetful();
    judge.report(0, [write(5, 3, 10, false)], Moment::from_nanos(10));
    for turn in 0..100 {
        let began = 10_000 + turn;
        let others = write(4, 4, began, true);
        judge.report(
            0,
            [others, read(4, 3, began + 1)],
            Moment::from_nanos(began),
        );
    }
    judge.finish();
    let rules = judge
        .verdicts()
        .map(|one| one.violation.map(|one| one.rule));
    assert!(rules.into_iter().all(|rule| rule == Some(Rule::OwnWrites)));
    assert!(judge.remembered() <= 4, "{}", judge.remembered());
}
