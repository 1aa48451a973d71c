//! The history that a violation shows: enough to show it, and nothing that could be left out.

use std::time::Duration;

use history::{Event, Violation};

use crate::notation::{judged, verdicts};

fn violation(history: &str) -> Violation {
    let violations = verdicts(history)
        .into_iter()
        .filter_map(|verdict| verdict.violation);
    let violations: Vec<_> = violations.collect();
    let [violation] = &violations[..] else {
        panic!("not one violation: {violations:?}")
    };
    violation.clone()
}

/// Judged alone, it comes to the same; without any of its events it does not.
#[track_caller]
pub(crate) fn shows_itself(violation: &Violation) {
    let history = violation.history();
    let [alone] = &judged(history.clone())[..] else {
        panic!("not one read: {history:?}")
    };
    assert_eq!(alone.violation.as_ref(), Some(violation));
    if let [Event::Write(_), Event::Read(read)] = history[..]
        && read.at_least <= read.version
    {
        let without = &judged([Event::Read(read)])[0];
        assert_eq!(without.violation, None, "the write is not needed");
    }
}

const BUSY: &str = "
    C    0..3    writes x1, removal acknowledged
    A    1..2    writes y1, removal acknowledged
    B    4..5    reads x1 from load
    A    6..10   writes x2, removal acknowledged
    A   11..19   writes x3, removal acknowledged
    C   12..13   reads x2 from L2
    B  130..131  reads x1 from L1
    C  140..141  reads x3 from L2";

#[test]
fn it_is_the_read_and_the_first_write_that_it_missed() {
    let violation = violation(BUSY);
    shows_itself(&violation);
    assert_eq!(violation.span(), Duration::from_nanos(125));
    assert_eq!(
        violation.to_string(),
        "F3 bounded staleness is broken: the removal was acknowledged 120ns before the read \
         began, and MaxStaleness is 100ns
      0.000000 s ..     0.000000 s  instance 65 writes version 2 of key 120, removal acknowledged
      0.000000 s ..     0.000000 s  instance 66 reads version 1 of key 120 from L1"
    );
}

#[test]
fn each_rule_has_its_words() {
    let headline = |history| {
        let violation = violation(history);
        shows_itself(&violation);
        let text = violation.to_string();
        text.lines().next().expect("a line").to_owned()
    };
    assert_eq!(
        headline(
            "A   0..10  writes x1, removal acknowledged
             B  15..16  reads x0 from L2"
        ),
        "F1 no stale fill is broken: the removal was acknowledged 5ns before L2 was asked"
    );
    assert_eq!(
        headline(
            "A   0..10  writes x1, ban acknowledged
             B  15..16  reads x0 from load"
        ),
        "F1 no stale fill is broken: the ban was acknowledged 5ns before the loader was asked"
    );
    assert_eq!(
        headline(
            "A   0..10  writes x1, removal pending
             A  15..16  reads x0 from L1"
        ),
        "F2 read your own writes is broken: the instance's own removal returned 5ns before the \
         read began"
    );
    assert_eq!(
        headline("B   0..10  reads x0 from L1 with token 7"),
        "F6 read your writes anywhere is broken: the read's token stands for version 7"
    );
}

#[test]
fn a_tokens_write_is_shown_where_it_is_known() {
    let violation = violation(
        "A   0..10  writes x1, ban acknowledged
         B   5..16  reads x0 from flight
         B  11..16  reads x0 from flight with token 1",
    );
    shows_itself(&violation);
    let text = violation.to_string();
    let lines: Vec<_> = text.lines().map(str::trim).collect();
    assert_eq!(
        lines,
        [
            "F6 read your writes anywhere is broken: the read's token stands for version 1",
            "0.000000 s ..     0.000000 s  instance 65 writes version 1 of key 120, ban acknowledged",
            "0.000000 s ..     0.000000 s  instance 66 reads version 0 of key 120 from flight, \
             with a token of version 1",
        ]
    );
}

/// Times are told in microseconds, from the beginning of the first event.
#[test]
fn times_count_from_the_first_event() {
    let violation = violation(
        "A  5000000000..5001234567  writes x1, removal acknowledged
         B  9000000000..9000001000  reads x0 from L1",
    );
    let text = violation.to_string();
    let lines: Vec<_> = text.lines().skip(1).collect();
    assert!(
        lines[0].starts_with("      0.000000 s ..     0.001235 s  "),
        "{text}"
    );
    assert!(
        lines[1].starts_with("      4.000000 s ..     4.000001 s  "),
        "{text}"
    );
}
