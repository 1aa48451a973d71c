//! Rules that no exploration misses, because others stand behind them: a test of this crate does.

use std::process::Command;

use crate::Guard::{self, *};

/// `RefusedFillStaysOut` and `LongestTtlFirst` stand in the library, and are tested where the model
/// takes their steps.
const SPARED: [Guard; 13] = [
    AcknowledgedInThisEpoch,
    BansJudgeLeases,
    BansOutliveLeases,
    LongerTtlKeepsBans,
    UnknownEpochNeedsSource,
    TtlPerEpoch,
    NonceIsCompared,
    ClockIsCompared,
    KnownIsNotForgotten,
    EpochNeverGoesBack,
    NewEpochResynchronises,
    NewEpochWithdrawsProof,
    RefusalDeletesNothing,
];

/// Runs these tests once more, in a process where the rule is broken.
#[test]
fn a_test_fails_without_each_rule_that_no_exploration_misses() {
    let tests = std::env::current_exe().unwrap();
    let passes = |broken: Option<Guard>| {
        let mut run = Command::new(&tests);
        run.args(["--skip", "tests::broken", "--quiet"]);
        if let Some(rule) = broken {
            run.env("UNSTALE_BROKEN", format!("{rule:?}"));
        }
        run.output().unwrap().status.success()
    };
    assert!(passes(None));
    for rule in SPARED {
        assert!(!passes(Some(rule)), "nothing misses {rule:?}");
    }
}
