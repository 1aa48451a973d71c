//! The program itself: its output, its end, and what it says when it cannot begin.

use std::{ffi::OsStr, net::TcpListener, path::Path, process::Stdio, time::Duration};

use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, ChildStdout, Command},
    time::timeout,
};

/// Long enough for a slow machine.
const WITHIN: Duration = Duration::from_secs(60);

fn realtime(directory: &Path, arguments: &[&str]) -> Command {
    on_database(directory.join("realtime.db").as_ref(), arguments)
}

/// The program on a database that is named in the environment.
pub(crate) fn on_database(database: &OsStr, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_realtime"));
    command
        .args(arguments)
        .env("DATABASE_URL", database)
        .env_remove("UNSTALE_REDIS")
        .env_remove("RUST_LOG")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    command
}

type Lines = tokio::io::Lines<BufReader<ChildStdout>>;

/// The lines that the program writes to its output.
fn lines(child: &mut Child) -> Lines {
    BufReader::new(child.stdout.take().unwrap()).lines()
}

/// Waits until the program has written this, which has to come within a minute.
async fn until_said(lines: &mut Lines, expected: &str) {
    let said = timeout(WITHIN, async {
        while !lines.next_line().await.unwrap().unwrap().contains(expected) {}
    });
    said.await.unwrap();
}

/// What the program says until its end, which has to come within a minute.
pub(crate) async fn output(child: Child) -> (Option<i32>, String, String) {
    let output = timeout(WITHIN, child.wait_with_output())
        .await
        .unwrap()
        .unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (
        output.status.code(),
        text(output.stdout),
        text(output.stderr),
    )
}

#[tokio::test]
async fn it_reports_what_happens() {
    let directory = tempfile::tempdir().unwrap();
    reports(directory.path().join("realtime.db").as_ref()).await;
}

#[tokio::test]
async fn it_ends_by_itself() {
    let directory = tempfile::tempdir().unwrap();
    let child = realtime(directory.path(), &["--seconds", "1", "--ports", "0,0"])
        .spawn()
        .unwrap();
    let (code, stdout, stderr) = output(child).await;
    assert_eq!(code, Some(0), "{stdout}{stderr}");
    assert!(stdout.contains(" 0 requests failed"), "{stdout}");
}

/// Runs the program until it has reported prices written and read, queries and removals, each more
/// than none. What it said by then, and what it complained about.
pub(crate) async fn reports(database: &OsStr) -> String {
    let mut child = on_database(database, &["--ports", "0,0"]).spawn().unwrap();
    let mut lines = lines(&mut child);
    let mut said = String::new();
    let reported = timeout(WITHIN, async {
        while let Some(line) = lines.next_line().await.unwrap() {
            said.push_str(&line);
            said.push('\n');
            let figures: Vec<&str> = line.split_whitespace().collect();
            let is_positive = |place: usize| figures[place].parse().is_ok_and(|n: u64| n > 0);
            if line.contains(" ms ") && [1, 2, 4, 5].into_iter().all(is_positive) {
                return;
            }
        }
    });
    reported.await.expect("it reports within a minute");
    for expected in [
        "Swagger: http://127.0.0.1:",
        "hit rate",
        "propagation p50 / p99",
        " late",
    ] {
        assert!(said.contains(expected), "{expected}: {said}");
    }
    child.start_kill().unwrap();
    let (_, _, stderr) = output(child).await;
    said + &stderr
}

#[cfg(unix)]
#[tokio::test]
async fn an_interrupt_stops_it_in_order() {
    for signal in ["-INT", "-TERM"] {
        let directory = tempfile::tempdir().unwrap();
        let mut child = realtime(directory.path(), &["--ports", "0,0"])
            .spawn()
            .unwrap();
        let mut lines = lines(&mut child);
        until_said(&mut lines, " ms ").await;
        let id = child.id().unwrap().to_string();
        assert!(
            Command::new("kill")
                .args([signal, &id])
                .status()
                .await
                .unwrap()
                .success()
        );
        let mut last = String::new();
        while let Some(line) = timeout(WITHIN, lines.next_line()).await.unwrap().unwrap() {
            last = line;
        }
        assert!(last.contains("prices written"), "{last}");
        let (code, _, stderr) = output(child).await;
        assert_eq!(code, Some(0), "{stderr}");
    }
}

#[tokio::test]
async fn a_taken_port_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let ports = format!("0,{port}");
    let child = realtime(directory.path(), &["--ports", &ports, "--seconds", "1"])
        .spawn()
        .unwrap();
    let (code, _, stderr) = output(child).await;
    assert_eq!(code, Some(1));
    assert!(
        stderr.contains(&format!("Port {port} ")) && stderr.contains("--ports"),
        "{stderr}"
    );
}

#[tokio::test]
async fn what_it_cannot_use_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let missing = directory.path().join("nowhere");
    for (arguments, expected) in [
        (
            ["--ports", "0", "--seconds", "1"].as_slice(),
            "--ports takes two ports",
        ),
        (&["--ports", "0,x", "--seconds", "1"], "--ports"),
        (
            &["--ports", "0,0", "--config", missing.to_str().unwrap()],
            "nowhere",
        ),
        (&["--ports", "0,0", "--rate", "0"], "--rate"),
    ] {
        let (code, _, stderr) =
            output(realtime(directory.path(), arguments).spawn().unwrap()).await;
        assert_ne!(code, Some(0));
        assert!(stderr.contains(expected), "{arguments:?}: {stderr}");
    }
    let child = realtime(&missing, &["--ports", "0,0", "--seconds", "1"])
        .spawn()
        .unwrap();
    let (code, _, stderr) = output(child).await;
    assert_eq!(code, Some(1));
    assert!(
        stderr.contains("nowhere/realtime.db") && stderr.contains("--database"),
        "{stderr}"
    );
}

#[tokio::test]
async fn two_processes_without_redis_do_not_share_a_file() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("realtime.db");
    two_processes_without_redis_do_not_share(file.as_ref()).await;
}

pub(crate) async fn two_processes_without_redis_do_not_share(database: &OsStr) {
    let mut first = on_database(database, &["--ports", "0,0", "--no-feed"])
        .spawn()
        .unwrap();
    let mut lines = lines(&mut first);
    until_said(&mut lines, "Ctrl-C").await;
    let second = on_database(database, &["--ports", "0,0", "--seconds", "1"])
        .spawn()
        .unwrap();
    let (code, _, stderr) = output(second).await;
    assert_eq!(code, Some(1));
    assert!(
        stderr.contains("--database") && stderr.contains("--redis"),
        "{stderr}"
    );
    first.kill().await.unwrap();
}

#[tokio::test]
async fn a_closed_pipe_does_not_make_it_panic() {
    let directory = tempfile::tempdir().unwrap();
    for (ports, expected) in [("0", 1), ("0,0", 0)] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let child = realtime(directory.path(), &["--ports", ports, "--seconds", "1"])
            .env("RUST_LOG", "debug")
            .stdout(writer.try_clone().unwrap())
            .stderr(writer)
            .spawn()
            .unwrap();
        let (code, ..) = output(child).await;
        assert_eq!(code, Some(expected), "--ports {ports}");
    }
}

#[tokio::test]
async fn a_refused_login_is_explained_once() {
    let directory = tempfile::tempdir().unwrap();
    let server =
        tokio::task::spawn_blocking(|| testbed::Server::builder().password("right").start());
    let server = server.await.unwrap().unwrap();
    for (login, answer) in [(":wrong@", "WRONGPASS"), ("", "NOAUTH")] {
        let url = format!("redis://{login}{}", server.addr());
        let child = realtime(directory.path(), &["--ports", "0,0", "--redis", &url])
            .spawn()
            .unwrap();
        let (code, _, stderr) = output(child).await;
        assert_eq!(code, Some(1), "{stderr}");
        assert_eq!(stderr.matches(answer).count(), 1, "{stderr}");
        assert!(
            stderr.contains("password in the connection string"),
            "{stderr}"
        );
        assert!(!stderr.contains("wrong@"), "{stderr}");
    }
}

#[tokio::test]
async fn a_server_that_is_named_but_not_enabled_is_pointed_out() {
    let directory = tempfile::tempdir().unwrap();
    let arguments = ["--ports", "0,0", "--no-feed", "--seconds", "1"];
    for (server, warned) in [(Some("localhost:6379"), true), (None, false)] {
        let mut command = realtime(directory.path(), &arguments);
        command.env_remove("TheTechLoopCache__Redis__Configuration");
        if let Some(server) = server {
            command.env("TheTechLoopCache__Redis__Configuration", server);
        }
        let (code, _, stderr) = output(command.spawn().unwrap()).await;
        assert_eq!(code, Some(0), "{stderr}");
        let points_out = stderr.contains("in-process hub") && stderr.contains("Redis.Enabled");
        assert_eq!(points_out, warned, "{stderr}");
    }
}
