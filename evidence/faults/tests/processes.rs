//! Instances that are processes of their own, as the command line runs them.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that panics has failed, and this is how a test fails"
)]

use std::{
    fs,
    process::{Child, Command, Output, Stdio},
    time::Duration,
};

use testbed::eventually;

/// Long enough for a slow machine, short enough to notice.
const PATIENCE: Duration = Duration::from_secs(120);

fn faults(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_faults"));
    command.args(arguments);
    command
}

fn text(output: &Output) -> String {
    let said = [output.stdout.as_slice(), &output.stderr].concat();
    String::from_utf8(said).expect("text")
}

/// Each fault of a process once, with everything judged.
#[test]
fn faults_of_processes_hold() {
    let arguments = [
        "--seconds=15",
        "--seed=1",
        "--instances=2",
        "--processes=2",
        "--only=process",
        "--only=kill -9 in the middle of a removal",
        "--only=wall clock",
    ];
    let output = faults(&arguments).output().expect("it runs");
    let said = text(&output);
    assert!(output.status.success(), "{said}");
    assert!(said.contains("Everything held."), "{said}");
}

/// A checker that finds nothing proves nothing: a cache written by hand does not pass.
#[test]
fn a_cache_written_by_hand_does_not_pass_as_a_process_either() {
    let arguments = [
        "--seconds=6",
        "--seed=1",
        "--instances=1",
        "--processes=2",
        "--only=process stuttering",
        "--subject=cache-aside",
    ];
    let output = faults(&arguments).output().expect("it runs");
    let said = text(&output);
    assert!(!output.status.success(), "{said}");
    assert!(said.contains("F2 read your own writes is broken"), "{said}");
}

/// Also when it cannot look after them any more, and they cannot notice.
#[tokio::test]
async fn nothing_outlives_a_run_that_is_killed_while_a_process_is_stopped() {
    let mut run = faults(&["--seconds=120", "--only=process stopped beyond"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("it runs");
    let stopped = eventually("a process is stopped", PATIENCE, || async {
        children(&run)
            .into_iter()
            .find(|pid| state(*pid) == Some('T'))
    })
    .await;
    run.kill().expect("it still runs");
    run.wait().expect("it was killed");
    eventually("the process is gone", PATIENCE, || async {
        matches!(state(stopped), None | Some('Z'))
    })
    .await;
}

/// The processes that this one has started and that run an instance.
fn children(run: &Child) -> Vec<u32> {
    let processes = fs::read_dir("/proc").expect("a system with /proc");
    let pids = processes.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    pids.filter(|pid| parent(*pid) == Some(run.id()))
        .filter(|pid| {
            let command = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
            command.windows(7).any(|part| part == b"--child")
        })
        .collect()
}

/// What follows the name of a process, which may contain anything but the last parenthesis.
fn after_name(pid: u32) -> Option<Vec<String>> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (_, rest) = stat.rsplit_once(')')?;
    Some(rest.split_whitespace().map(str::to_owned).collect())
}

fn state(pid: u32) -> Option<char> {
    after_name(pid)?.first()?.chars().next()
}

fn parent(pid: u32) -> Option<u32> {
    after_name(pid)?.get(1)?.parse().ok()
}
