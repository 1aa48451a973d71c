//! Memory is bounded, and what is forgotten changes no verdict.

use std::ops::RangeInclusive;
use std::time::Duration;

use history::{Contract, Event, Invalidation, Judge, Moment, Read, Rule, Source, Write};

use crate::notation::BOUND;

/// Other than the default, which is ten times the bound.
const HORIZON: u64 = 690;

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
fn run(judge: &mut Judge, versions: RangeInclusive<u64>) {
    for version in versions {
        let ended = version * 10;
        let event = write(version, (version % 7) as u32, ended, version % 10 == 0);
        judge.report(0, [event], Moment::from_nanos(ended));
    }
}

#[test]
fn what_is_remembered_does_not_grow() {
    let mut judge = forgetful();
    run(&mut judge, 1..=1_000);
    // Acknowledged and deleted: eight within the horizon, and the last before it. Of the instances'
    // own, those behind the last acknowledged one that is older than the bound.
    assert_eq!(judge.remembered(), 2 * 9 + 20);
    run(&mut judge, 1_001..=20_000);
    assert_eq!(judge.remembered(), 2 * 9 + 20);
}

#[test]
fn a_write_is_remembered_for_each_way_in_which_it_can_matter() {
    let mut judge = forgetful();
    let remembered = |judge: &mut Judge, event| {
        judge.report(0, [event], Moment::ZERO);
        judge.remembered()
    };
    // Acknowledged, deleted from L2, and its instance's own.
    assert_eq!(remembered(&mut judge, write(1, 1, 10, true)), 3);
    assert_eq!(remembered(&mut judge, write(2, 2, 20, true)), 6);
    assert_eq!(remembered(&mut judge, write(3, 2, 30, false)), 7);
    // This changes nothing for anybody.
    assert_eq!(remembered(&mut judge, write(2, 2, 40, true)), 7);
}

#[test]
fn a_shorter_horizon_remembers_less() {
    let contract = Contract::new(Duration::from_nanos(BOUND));
    assert_eq!(contract.horizon(), Duration::from_nanos(10 * BOUND));
    let [mut short, mut long] = [forgetful(), Judge::new(contract)];
    run(&mut short, 1..=1_000);
    run(&mut long, 1..=1_000);
    assert!(short.remembered() < long.remembered());
}

/// Whatever is asked for: verdicts need as much.
#[test]
fn the_horizon_is_at_least_the_bound() {
    let contract = Contract::new(Duration::from_nanos(BOUND)).with_horizon(Duration::ZERO);
    assert_eq!(contract.horizon(), Duration::from_nanos(BOUND));
}

#[test]
fn what_was_forgotten_is_a_violation_all_the_same() {
    let mut judge = forgetful();
    run(&mut judge, 1..=1_000);
    let reads = [
        read(0, 99, 10_050),
        read(939, 99, 10_050),
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
    assert_eq!(staleness[1..], [650, 50]);
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

/// At the edge of the bound a removal may be missed by others, and still not by its own instance.
#[test]
fn nothing_is_forgotten_too_early() {
    let mut judge = forgetful();
    let edge = 10 + BOUND;
    judge.report(0, [write(1, 1, 10, true)], Moment::from_nanos(edge));
    // A write has the register forget.
    judge.report(0, [write(2, 2, edge + 1, true)], Moment::from_nanos(edge));
    judge.report(
        0,
        [read(0, 1, edge), read(0, 3, edge)],
        Moment::from_nanos(edge),
    );
    let rules = judge
        .verdicts()
        .map(|one| one.violation.map(|one| one.rule));
    assert_eq!(rules.collect::<Vec<_>>(), [Some(Rule::OwnWrites), None]);
}
