//! When a read can be judged, and what happens to those who break their promise.

use history::{Event, Judge, Moment, Rule, Verdict};

use crate::notation::{contract, events};

fn at(nanos: u64) -> Moment {
    Moment::from_nanos(nanos)
}

fn one(line: &str) -> Event {
    events(line)[0]
}

fn judge_of(reporters: &[u32]) -> Judge {
    let mut judge = Judge::new(contract());
    for reporter in reporters {
        judge.expect(*reporter);
    }
    judge
}

fn next(judge: &mut Judge) -> Option<Verdict> {
    judge.verdicts().next()
}

fn rules(judge: &mut Judge) -> Vec<Option<Rule>> {
    let verdicts = judge.verdicts();
    verdicts
        .map(|verdict| verdict.violation.map(|violation| violation.rule))
        .collect()
}

#[test]
fn a_read_waits_until_everybody_has_passed_its_beginning() {
    let mut judge = judge_of(&[1, 2, 3]);
    judge.report(1, [one("B 50..60 reads x0 from L2")], at(60));
    judge.report(2, [], at(49));
    judge.report(3, [], at(70));
    assert_eq!((next(&mut judge), judge.waiting()), (None, 1));
    judge.report(2, [], at(50));
    assert!(next(&mut judge).is_some());
    assert_eq!((next(&mut judge), judge.waiting()), (None, 0));
}

#[test]
fn a_write_may_be_reported_long_after_the_read_that_missed_it() {
    let mut judge = judge_of(&[1, 2]);
    judge.report(1, [one("B 50..51 reads x0 from L2")], at(900));
    judge.report(2, [one("A 0..10 writes x1, removal acknowledged")], at(900));
    assert_eq!(rules(&mut judge), [Some(Rule::NoStaleFill)]);
}

#[test]
fn a_read_that_took_long_is_judged_by_what_was_known_when_it_began() {
    let mut judge = judge_of(&[1, 2]);
    let writes = "A    0..10   writes x1, removal acknowledged
                  A  100..110  writes x2, removal acknowledged
                  A  800..810  writes x3, removal acknowledged";
    judge.report(2, events(writes), at(900));
    judge.report(1, [], at(50));
    judge.report(1, [one("B 50..950 reads x1 from L2")], at(950));
    judge.report(2, [], at(950));
    assert_eq!(rules(&mut judge), [None]);
}

#[test]
fn verdicts_come_in_the_order_in_which_reads_began() {
    let mut judge = judge_of(&[1, 2]);
    judge.report(
        1,
        events("B 5..90 reads x0 from L1\nB 1..95 reads x0 from L1"),
        at(95),
    );
    judge.report(
        2,
        events("C 3..4 reads x0 from L1\nC 6..7 reads x0 from L1"),
        at(95),
    );
    let began: Vec<_> = judge.verdicts().map(|verdict| verdict.read.began).collect();
    assert_eq!(began, [at(1), at(3), at(5), at(6)]);
}

#[test]
fn who_is_expected_and_has_said_nothing_holds_everything_back() {
    let mut judge = judge_of(&[1]);
    judge.report(1, [], at(10));
    judge.expect(2);
    judge.report(1, [one("B 50..51 reads x0 from L1")], at(90));
    assert_eq!(next(&mut judge), None);
    judge.report(2, [], at(50));
    assert!(next(&mut judge).is_some());
}

#[test]
fn to_expect_somebody_twice_takes_nothing_back() {
    let mut judge = judge_of(&[1]);
    judge.report(1, [one("B 50..51 reads x0 from L1")], at(90));
    judge.expect(1);
    assert!(next(&mut judge).is_some());
}

#[test]
fn who_has_ended_holds_nothing_back() {
    let mut judge = judge_of(&[1, 2]);
    judge.report(1, [one("B 50..51 reads x0 from L1")], at(90));
    assert_eq!(next(&mut judge), None);
    judge.retire(2);
    assert!(next(&mut judge).is_some());
}

#[test]
fn when_all_have_ended_the_rest_waits_for_the_end() {
    let mut judge = judge_of(&[1]);
    judge.report(1, [one("B 50..51 reads x0 from L1")], at(10));
    judge.retire(1);
    assert_eq!(next(&mut judge), None, "another may be expected");
    judge.finish();
    assert!(next(&mut judge).is_some());
}

#[test]
fn a_watermark_does_not_go_back() {
    let mut judge = judge_of(&[1]);
    judge.report(1, [], at(90));
    judge.report(1, [one("B 90..91 reads x0 from L1")], at(10));
    assert!(next(&mut judge).is_some());
    assert_eq!(judge.late(), 0);
}

#[test]
fn a_broken_promise_is_counted() {
    let mut judge = judge_of(&[1, 2]);
    judge.report(1, [], at(90));
    judge.report(1, [one("B 89..91 reads x0 from L1")], at(95));
    assert_eq!(judge.late(), 1);
    judge.report(2, [one("B 89..91 reads x0 from L1")], at(95));
    assert_eq!(judge.late(), 1, "the second had promised nothing yet");
}

#[test]
fn what_is_reported_too_late_hides_a_violation_and_makes_none_up() {
    let mut judge = judge_of(&[1]);
    judge.report(1, [one("B 50..51 reads x0 from L2")], at(90));
    assert_eq!(rules(&mut judge), [None], "the write is not known");
    judge.report(1, [one("A 0..10 writes x1, removal acknowledged")], at(90));
    judge.report(1, [one("B 5..91 reads x0 from L2")], at(91));
    assert_eq!(rules(&mut judge), [None], "it began before the removal");
    assert_eq!(judge.late(), 2);
}

#[test]
fn one_who_was_not_expected_is_heard_all_the_same() {
    let mut judge = judge_of(&[1]);
    judge.report(1, [], at(10));
    judge.report(7, [one("A 20..30 writes x1, removal acknowledged")], at(40));
    judge.report(1, [one("B 31..32 reads x0 from L2")], at(40));
    assert_eq!(rules(&mut judge), [Some(Rule::NoStaleFill)]);
    assert_eq!(judge.late(), 0);
}
