//! Every rule, and everything that is excused: what is still right, and what no longer is.
//!
//! `MaxStaleness` is 100.

use history::Rule::{self, BoundedStaleness, NoStaleFill, OwnWrites, Tokens};

use crate::notation::verdicts;

/// Nothing in this history breaks a rule.
#[track_caller]
fn accept(history: &str) {
    for verdict in verdicts(history) {
        if let Some(violation) = verdict.violation {
            panic!("it was rejected: {violation}");
        }
    }
}

/// The last read of this history breaks a rule, and nothing else does.
#[track_caller]
fn reject(rule: Rule, history: &str) {
    let verdicts = verdicts(history);
    let rules = verdicts.iter().map(|verdict| {
        let violation = verdict.violation.as_ref();
        violation.map(|violation| violation.rule)
    });
    let rules: Vec<_> = rules.collect();
    let (last, others) = rules.split_last().expect("a read");
    assert_eq!(*last, Some(rule), "the last read");
    assert!(others.iter().all(Option::is_none), "{others:?}");
}

mod bounded_staleness {
    use super::*;

    #[test]
    fn a_copy_may_be_as_stale_as_the_bound() {
        accept(
            "A    0..10   writes x1, removal acknowledged
             B  110..111  reads x0 from L1",
        );
    }

    #[test]
    fn and_not_a_nanosecond_more() {
        reject(
            BoundedStaleness,
            "A    0..10   writes x1, removal acknowledged
             B  111..112  reads x0 from L1",
        );
    }

    #[test]
    fn it_counts_from_the_first_write_that_was_missed() {
        reject(
            BoundedStaleness,
            "A    0..10   writes x1, removal acknowledged
             A  100..110  writes x2, removal acknowledged
             B  111..112  reads x0 from L1",
        );
        accept(
            "A    0..10   writes x1, removal acknowledged
             A  100..110  writes x2, removal acknowledged
             B  111..112  reads x1 from L1",
        );
    }

    #[test]
    fn it_counts_from_the_first_acknowledgement_not_from_the_lowest_version() {
        // Version 2 is acknowledged first. Whoever has missed it must not have missed it for long,
        // though the removal of version 1 is still on its way.
        reject(
            BoundedStaleness,
            "A    0..90   writes x1, removal acknowledged
             B    5..10   writes x2, removal acknowledged
             C  111..112  reads x0 from L1",
        );
        reject(
            BoundedStaleness,
            "A    0..90   writes x1, removal acknowledged
             B    5..10   writes x2, removal acknowledged
             C  111..112  reads x1 from L1",
        );
    }

    #[test]
    fn it_counts_to_the_beginning_of_the_read() {
        accept(
            "A    0..10   writes x1, removal acknowledged
             B  110..900  reads x0 from L1",
        );
    }

    #[test]
    fn it_binds_who_shared_a_read() {
        accept(
            "A    0..10   writes x1, removal acknowledged
             B  110..111  reads x0 from flight",
        );
        reject(
            BoundedStaleness,
            "A    0..10   writes x1, removal acknowledged
             B  111..112  reads x0 from flight",
        );
    }

    #[test]
    fn it_binds_every_source() {
        for source in ["L1", "L2", "load", "flight"] {
            let read = format!("B  111..112  reads x0 from {source}");
            let removed = "A 0..10 writes x1, removal acknowledged\n";
            reject(BoundedStaleness, &format!("{removed}{read}"));
            let banned = "A 0..10 writes x1, ban acknowledged\n";
            reject(BoundedStaleness, &format!("{banned}{read}"));
        }
    }

    #[test]
    fn a_newer_version_than_was_removed_is_fresh() {
        // Committed, and not yet removed.
        accept(
            "A    0..10   writes x1, removal acknowledged
             B  200..201  reads x2 from L1",
        );
    }

    #[test]
    fn other_registers_do_not_matter() {
        accept(
            "A    0..10   writes x1, removal acknowledged
             B  200..201  reads y0 from L1",
        );
    }

    #[test]
    fn a_removal_that_was_not_acknowledged_binds_no_other_instance() {
        accept(
            "A    0..10   writes x1, removal pending
             B  200..201  reads x0 from L1
             B  200..201  reads x0 from L2
             B  200..201  reads x0 from flight",
        );
    }

    #[test]
    fn a_later_acknowledgement_covers_the_writes_before() {
        reject(
            BoundedStaleness,
            "A    0..10   writes x1, removal pending
             A   20..30   writes x2, removal acknowledged
             B  131..132  reads x1 from L1",
        );
    }
}

mod no_stale_fill {
    use super::*;

    #[test]
    fn l2_holds_nothing_older_than_an_acknowledged_removal() {
        reject(
            NoStaleFill,
            "A   0..10  writes x1, removal acknowledged
             B  11..12  reads x0 from L2",
        );
    }

    #[test]
    fn who_asked_before_may_have_found_it() {
        accept(
            "A   0..10  writes x1, removal acknowledged
             B   9..99  reads x0 from L2",
        );
    }

    #[test]
    fn in_the_same_nanosecond_is_before() {
        accept(
            "A   0..10  writes x1, removal acknowledged
             B  10..12  reads x0 from L2",
        );
    }

    #[test]
    fn a_loader_sees_what_was_committed() {
        reject(
            NoStaleFill,
            "A   0..10  writes x1, removal acknowledged
             B  11..12  reads x0 from load",
        );
        accept(
            "A   0..10  writes x1, removal acknowledged
             B   9..99  reads x0 from load",
        );
    }

    #[test]
    fn a_ban_may_be_unknown_to_who_asks_l2_for_as_long_as_the_bound() {
        accept(
            "A   0..10   writes x1, ban acknowledged
             B 110..111  reads x0 from L2",
        );
        reject(
            BoundedStaleness,
            "A   0..10   writes x1, ban acknowledged
             B 111..112  reads x0 from L2",
        );
    }

    #[test]
    fn a_ban_does_not_excuse_what_a_removal_forbids() {
        reject(
            NoStaleFill,
            "A   0..10  writes x1, removal acknowledged
             A  11..12  writes x2, ban acknowledged
             B  13..14  reads x0 from L2",
        );
        accept(
            "A   0..10  writes x1, removal acknowledged
             A  11..12  writes x2, ban acknowledged
             B  13..14  reads x1 from L2",
        );
    }

    #[test]
    fn a_ban_does_not_excuse_a_loader() {
        reject(
            NoStaleFill,
            "A   0..10  writes x1, ban acknowledged
             B  11..12  reads x0 from load",
        );
    }

    #[test]
    fn a_copy_and_a_shared_read_may_be_older() {
        accept(
            "A   0..10  writes x1, removal acknowledged
             B  11..12  reads x0 from L1
             B  11..12  reads x0 from flight",
        );
    }
}

mod own_writes {
    use super::*;

    #[test]
    fn the_instance_that_removed_sees_it_whatever_answers() {
        for source in ["L1", "L2", "load", "flight"] {
            for invalidation in ["removal", "ban"] {
                let history = format!(
                    "A   0..10  writes x1, {invalidation} pending
                     A  11..12  reads x0 from {source}"
                );
                reject(OwnWrites, &history);
            }
        }
    }

    #[test]
    fn acknowledged_or_not() {
        reject(
            OwnWrites,
            "A   0..10  writes x1, removal acknowledged
             A  11..12  reads x0 from L1",
        );
        reject(
            OwnWrites,
            "A   0..10  writes x1, removal acknowledged
             A  11..12  reads x0 from flight",
        );
    }

    #[test]
    fn however_long_it_is_pending() {
        reject(
            OwnWrites,
            "A     0..10    writes x1, removal pending
             A  9999..9999  reads x0 from L1",
        );
    }

    #[test]
    fn who_began_before_it_returned_may_have_missed_it() {
        accept(
            "A   0..10  writes x1, removal pending
             A   9..12  reads x0 from L1
             A  10..12  reads x0 from L1",
        );
    }

    #[test]
    fn on_another_instance_it_is_not_its_own() {
        accept(
            "A   0..10  writes x1, removal acknowledged
             B  11..12  reads x0 from L1",
        );
    }

    #[test]
    fn a_newer_write_of_another_instance_is_as_good() {
        accept(
            "A   0..10  writes x1, removal pending
             B   5..15  writes x2, removal pending
             A  20..21  reads x2 from L1",
        );
    }

    #[test]
    fn the_newest_of_its_own_counts() {
        reject(
            OwnWrites,
            "A   0..10  writes x1, removal pending
             A  20..30  writes x2, removal pending
             A  31..32  reads x1 from L1",
        );
    }
}

mod tokens {
    use super::*;

    #[test]
    fn who_carries_a_token_sees_its_write_whatever_answers() {
        for source in ["L1", "L2", "load", "flight"] {
            let history = format!(
                "A   0..10  writes x1, removal acknowledged
                 B   9..20  reads x0 from {source} with token 1"
            );
            reject(Tokens, &history);
        }
    }

    #[test]
    fn even_if_nobody_knows_of_the_write() {
        reject(Tokens, "B  0..1  reads x4 from L1 with token 5");
    }

    #[test]
    fn that_write_or_a_newer_one() {
        accept(
            "A   0..10  writes x1, removal acknowledged
             B  11..12  reads x1 from L1 with token 1
             B  11..12  reads x2 from L1 with token 1",
        );
    }

    #[test]
    fn an_old_token_asks_for_no_more_than_its_write() {
        accept(
            "A   0..10  writes x1, removal acknowledged
             A  11..20  writes x2, removal acknowledged
             B  21..22  reads x1 from L1 with token 1",
        );
    }
}

/// The same reads would break several rules: the one that demands the least is named.
mod precedence {
    use super::*;

    #[test]
    fn the_bound_goes_first() {
        reject(
            BoundedStaleness,
            "A    0..10   writes x1, removal acknowledged
             A  111..112  reads x0 from L2 with token 1",
        );
    }

    #[test]
    fn then_what_l2_may_answer() {
        reject(
            NoStaleFill,
            "A   0..10  writes x1, removal acknowledged
             A  11..12  reads x0 from L2 with token 1",
        );
    }

    #[test]
    fn then_the_own_writes() {
        reject(
            OwnWrites,
            "A   0..10  writes x1, removal acknowledged
             A  11..12  reads x0 from L1 with token 1",
        );
    }
}

/// What DESIGN's faults look like. None excuses anything; what is not promised has no event.
mod faults {
    use super::*;

    #[test]
    fn a_removal_that_was_lost_with_its_server_binds_all_the_same() {
        // Acknowledged at 10, lost in a failover at 20: the record that it deleted is of an old
        // epoch there, so nobody may find it.
        reject(
            NoStaleFill,
            "A   0..10  writes x1, removal acknowledged
             B  50..51  reads x0 from L2",
        );
        accept(
            "A   0..10  writes x1, removal acknowledged
             B  50..51  reads x0 from L1
             B  60..70  reads x1 from load",
        );
    }

    #[test]
    fn a_process_that_was_stopped_wakes_up_and_is_judged_by_when_it_began() {
        // It found its copy good, and was stopped before it could hand it out.
        accept(
            "B    5..900  reads x0 from L1
             A    6..10   writes x1, removal acknowledged",
        );
        // It begins after it went on.
        reject(
            BoundedStaleness,
            "A    6..10   writes x1, removal acknowledged
             B  900..901  reads x0 from L1",
        );
    }

    #[test]
    fn a_process_killed_before_its_removal_returned_has_promised_nothing() {
        // It wrote version 1 and reports nothing.
        accept(
            "B   50..51   reads x0 from L1
             B   60..70   reads x1 from load
             C  900..901  reads x0 from L1",
        );
    }

    #[test]
    fn a_process_that_was_killed_comes_back_as_another_instance() {
        accept(
            "A    0..10   writes x1, removal pending
             B  200..201  reads x0 from L1",
        );
    }
}
