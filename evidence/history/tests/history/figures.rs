//! How stale readers were, in numbers.

use std::time::Duration;

use history::{Figures, Rule, Source};

use crate::notation::verdicts;

fn figures(history: &str) -> Figures {
    let mut figures = Figures::default();
    for verdict in verdicts(history) {
        figures.record(&verdict);
    }
    figures
}

const HISTORY: &str = "
    A    0..10   writes x1, removal acknowledged
    A   20..30   writes x2, removal acknowledged
    B    5..6    reads x0 from load
    B   10..11   reads x0 from L1
    B   35..36   reads x1 from L1
    B   60..61   reads x0 from L1
    B   70..71   reads x2 from L2
    B   75..76   reads x0 from flight
    B   80..81   reads x1 from L2
    C   90..91   reads x3 from L1
    C  115..116  reads x0 from L1";

#[test]
fn staleness_counts_from_the_first_write_that_was_missed() {
    let verdicts = verdicts(HISTORY);
    let staleness: Vec<_> = verdicts
        .iter()
        .map(|one| one.staleness.as_nanos())
        .collect();
    assert_eq!(staleness, [0, 0, 5, 50, 0, 65, 50, 0, 105]);
}

#[test]
fn a_pending_removal_makes_nobody_stale() {
    let verdicts = verdicts(
        "A   0..10  writes x1, removal pending
         A  20..21  reads x0 from L1",
    );
    assert_eq!(verdicts[0].staleness, Duration::ZERO);
    assert!(verdicts[0].violation.is_some());
}

#[test]
fn each_source_has_its_figures() {
    let figures = figures(HISTORY);
    let of = |source| {
        let one = figures.of(source);
        (one.reads, one.stale, one.longest.as_nanos())
    };
    assert_eq!(of(Source::L1), (5, 3, 105));
    assert_eq!(of(Source::L2), (2, 1, 50));
    assert_eq!(of(Source::Load), (1, 0, 0));
    assert_eq!(of(Source::Flight), (1, 1, 65));
    let total = figures.total();
    assert_eq!(
        (total.reads, total.stale, total.longest.as_nanos()),
        (9, 5, 105)
    );
}

#[test]
fn each_rule_has_its_violations() {
    let figures = figures(HISTORY);
    assert_eq!(Rule::ALL.map(|rule| figures.broken(rule)), [1, 1, 0, 0]);
    assert_eq!(figures.violations(), 2);
}

#[test]
fn figures_add_up() {
    let mut twice = figures(HISTORY);
    twice.add(&figures(HISTORY));
    assert_eq!(twice.total().reads, 18);
    assert_eq!(twice.of(Source::L1).stale, 6);
    assert_eq!(twice.total().longest, Duration::from_nanos(105));
    assert_eq!(twice.violations(), 4);
    let mut sum = Figures::default();
    sum.add(&figures(HISTORY));
    assert_eq!(sum, figures(HISTORY));
}
