//! Whole runs, as the command line starts them: what passes, and what must not.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that panics has failed, and this is how a test fails"
)]

use std::process::{Command, Output};

fn faults(arguments: &[&str]) -> (Output, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_faults"))
        .args(arguments)
        .output()
        .expect("it runs");
    let said = [output.stdout.as_slice(), &output.stderr].concat();
    let said = String::from_utf8(said).expect("text");
    (output, said)
}

/// The line of the table about this fault.
fn row<'a>(said: &'a str, fault: &str) -> Vec<&'a str> {
    let line = said
        .lines()
        .find_map(|line| line.strip_prefix(fault)?.strip_prefix("  "))
        .unwrap_or_else(|| panic!("no line about {fault}: {said}"));
    line.split_whitespace().collect()
}

/// The run broke nothing with this fault, and each of so many instances noticed it each time.
fn holds(said: &str, fault: &str, instances: u64) {
    let [times, reads, violations, .., detected, _, _, _, _] = row(said, fault)[..] else {
        panic!("{said}");
    };
    let times: u64 = times.parse().unwrap();
    assert!(times >= 1, "{said}");
    assert_ne!(reads, "0", "{said}");
    assert_eq!(violations, "0", "{said}");
    assert_eq!(detected, format!("{0}/{0}", instances * times), "{said}");
}

#[test]
fn a_few_faults_hold_on_either_transport() {
    for transport in ["--transport=streams", "--transport=pubsub"] {
        let (output, said) = faults(&[
            "--seconds=9",
            "--seed=3",
            "--instances=2",
            "--processes=0",
            "--only=FLUSHALL",
            "--only=black hole",
            "--only=lost at any byte",
            transport,
        ]);
        assert!(output.status.success(), "{said}");
        assert!(said.contains("Everything held."), "{said}");
        assert!(said.contains("seed 3"), "{said}");
        holds(&said, "FLUSHALL", 2);
    }
}

#[test]
fn a_cluster_holds_while_slots_move() {
    let (output, said) = faults(&[
        "--topology=cluster",
        "--seconds=12",
        "--seed=5",
        "--instances=2",
        "--processes=1",
        "--only=slot moved at once",
        "--only=slot moved, meta first",
    ]);
    assert!(output.status.success(), "{said}");
    assert!(said.contains("Everything held."), "{said}");
    assert!(said.contains(", a cluster"), "{said}");
    holds(&said, "slot moved at once", 3);
}

/// A checker that finds nothing proves nothing.
#[test]
fn cache_aside_written_by_hand_is_caught_and_shown() {
    let (output, said) = faults(&[
        "--seconds=6",
        "--seed=7",
        "--instances=2",
        "--processes=0",
        "--only=FLUSHALL",
        "--subject=cache-aside",
    ]);
    assert_eq!(output.status.code(), Some(1), "{said}");
    // A fill that was too late, and the instance's own write missed.
    for rule in ["F1 no stale fill", "F2 read your own writes"] {
        let shown = said
            .split("\n\n")
            .find(|problem| problem.contains(&format!("{rule} is broken")))
            .unwrap_or_else(|| panic!("{rule}: {said}"));
        assert!(shown.contains("  instance "), "{shown}");
        assert!(shown.contains(" writes version "), "{shown}");
        assert!(shown.contains(" reads version "), "{shown}");
    }
    // It has no way to notice that everything is gone.
    assert!(
        said.contains("F4 is broken: task-0 still relied on its copies"),
        "{said}"
    );
    assert!(said.contains("--seed 7"), "{said}");
    assert!(!said.contains("Everything held"), "{said}");
}

#[test]
fn what_can_be_broken_is_listed() {
    let (output, said) = faults(&["--list"]);
    assert!(output.status.success(), "{said}");
    for fault in ["cut", "FLUSHALL", "log trimmed past a stopped reader"] {
        assert!(said.lines().any(|line| line == fault), "{fault}: {said}");
    }
    let (_, of_clusters) = faults(&["--list", "--topology=cluster"]);
    let listed = |fault| of_clusters.lines().any(|line| line == fault);
    assert!(
        listed("slot moved, meta first") && !listed("black hole"),
        "{of_clusters}"
    );
    let (_, of_sentinels) = faults(&["--list", "--topology=sentinel"]);
    let listed = |fault| of_sentinels.lines().any(|line| line == fault);
    assert!(
        listed("sentinel restarts") && !listed("black hole"),
        "{of_sentinels}"
    );
    let (_, by_pushes) = faults(&["--list", "--transport=pubsub"]);
    assert!(!by_pushes.contains("log trimmed"), "{by_pushes}");
}

#[test]
fn a_fault_that_does_not_exist_is_an_error() {
    let (output, said) = faults(&["--seconds=5", "--only=earthquake"]);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(
        said.contains("no fault has a name") && said.contains("--list"),
        "{said}"
    );
}
