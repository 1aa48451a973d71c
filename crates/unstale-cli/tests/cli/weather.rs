//! Bad input and bad weather: a clear line and an exit code, whatever happens.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use testbed::Server;

use crate::bed::{Ran, at, config, instance, run, start, tool, until_told, with_instance};

/// Every command that asks the server something.
const COMMANDS: [&[&str]; 8] = [
    &["instances"],
    &["top"],
    &["tail", "--seconds", "1"],
    &["inspect", "key"],
    &["remove", "key"],
    &["clear", "--yes"],
    &["doctor", "--sample", "1"],
    &["bench", "--yes", "--seconds", "1"],
];

/// One line, and nothing else.
fn one_line(ran: &Ran) {
    assert_eq!(ran.out, "", "{ran:?}");
    assert!(ran.err.starts_with("unstale: "), "{ran:?}");
    assert_eq!(ran.err.trim_end().lines().count(), 1, "{ran:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_server_there_is_no_connection() {
    let server = start();
    server.kill().unwrap();
    for command in COMMANDS {
        let ran = at(&server, command).await;
        one_line(&ran);
        assert_eq!(ran.code, 3, "{ran:?}");
        let there = format!("cannot reach 127.0.0.1:{}", server.port());
        assert!(ran.err.contains(&there), "{ran:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_password_is_refused_and_not_shown() {
    let server = Server::builder().password("right-one").start().unwrap();
    let address = server.addr();
    for login in [":wrong-one@", "nobody:wrong-one@", ""] {
        let url = format!("redis://{login}{address}");
        for command in COMMANDS {
            let ran = run(&[&["--redis", &url], command].concat()).await;
            one_line(&ran);
            assert_eq!(ran.code, 4, "{ran:?}");
            assert!(!ran.err.contains("wrong-one"), "{ran:?}");
        }
    }
    let ran = at(&server, &["instances"]).await;
    assert_eq!(ran.code, 5, "the right one is not refused: {ran:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_namespace_that_is_not_there_stays_away() {
    let (server, _cache) = with_instance().await;
    for command in &COMMANDS[..6] {
        let ran = at(&server, &[*command, &["--namespace", "misspelt:"]].concat()).await;
        one_line(&ran);
        assert_eq!(ran.code, 5, "{ran:?}");
        assert!(ran.err.contains("`misspelt`"), "{ran:?}");
    }
    let ran = at(
        &server,
        &["doctor", "--sample", "1", "--namespace", "misspelt"],
    )
    .await;
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(
        ran.out.contains("no instance has used `misspelt`"),
        "{ran:?}"
    );
    let keys = server.command(["EXISTS", "{misspelt:0}:meta"]).unwrap();
    assert_eq!(keys, testbed::Value::Int(0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_command_that_the_server_lacks_is_named() {
    let server = Server::builder()
        .arg("rename-command", "XREAD \"\"")
        .start()
        .unwrap();
    let mut config = config(&server);
    config.redis.connect_timeout = Some(std::time::Duration::from_millis(500));
    let _cache = instance("first", config).await;
    until_told(&server, 1).await;
    let ran = at(&server, &["tail"]).await;
    assert_eq!(ran.code, 4, "{ran:?}");
    assert!(ran.err.contains("refuses XREAD"), "{ran:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_removed_or_measured_is_not_said_to_be() {
    let server = start();
    let _cache = instance("first", config(&server)).await;
    until_told(&server, 1).await;
    let user = [
        "ACL", "SETUSER", "plain", "on", "nopass", "~*", "&*", "+@all", "-xadd",
    ];
    server.command(user).unwrap();
    let url = server.url().replace("redis://", "redis://plain:any@");
    for command in [
        &["remove", "key"][..],
        &["clear", "--yes"],
        &["bench", "--yes"],
    ] {
        let ran = run(&[&["--redis", &url], command].concat()).await;
        one_line(&ran);
        assert_eq!(ran.code, 4, "{ran:?}");
        assert!(ran.err.contains("may not use XADD"), "{ran:?}");
        assert!(ran.err.contains("ACL SETUSER <user> +xadd"), "{ran:?}");
    }
    // Instances that work without the server would measure nothing but themselves.
    let without = Server::builder().arg("rename-command", "XADD \"\"").start();
    let ran = at(&without.unwrap(), &["bench", "--yes"]).await;
    one_line(&ran);
    assert_eq!(ran.code, 4, "{ran:?}");
    assert!(ran.err.contains("does not know XADD"), "{ran:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_removal_that_is_not_confirmed_is_not_said_to_be_done() {
    let (server, _cache) = with_instance().await;
    // As one refuses that was isolated.
    let refuse = ["CONFIG", "SET", "min-replicas-to-write", "1"];
    server.command(refuse).unwrap();
    let ran = at(&server, &["remove", "key"]).await;
    one_line(&ran);
    assert_eq!(ran.code, 6, "{ran:?}");
    assert!(ran.err.contains("may or may not have happened"), "{ran:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_goes_away_ends_what_follows_it() {
    let (server, _cache) = with_instance().await;
    let url = server.url();
    let words = ["--redis", &url, "tail"];
    let mut following = tool(&words).stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(following.stderr.take().unwrap()).lines();
    let began = lines.next().unwrap().unwrap();
    assert!(began.contains("Following the log"), "{began}");
    server.kill().unwrap();
    let ended = tokio::task::spawn_blocking(move || {
        let said: Vec<_> = lines.map(Result::unwrap).collect();
        (following.wait().unwrap().code(), said)
    });
    let (code, said) = ended.await.unwrap();
    assert_eq!((code, said.len()), (Some(3), 1), "{said:?}");
    assert!(said[0].starts_with("unstale: cannot reach"), "{said:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mistaken_command_line_is_a_usage_error() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("appsettings.json");
    std::fs::write(
        &file,
        r#"{ "Unstale": { "Redis": { "Configuraton": "localhost" } } }"#,
    )
    .unwrap();
    let file = file.to_str().unwrap();
    for (words, said) in [
        (&["instances"][..], "no server is named"),
        (&["--config", "missing.json", "instances"], "missing.json"),
        (
            &["--config", file, "instances"],
            "Did you mean `Configuration`?",
        ),
        (
            &["--redis", "localhost:hunter2", "instances"],
            "a port that is not a number",
        ),
        (
            &["--redis", "localhost", "--namespace", "{x}", "instances"],
            "contains a brace",
        ),
        (&["instances", "--no-such"], "--no-such"),
        (&["remove"], "required"),
        (&[], "Usage"),
    ] {
        let ran = run(words).await;
        assert_eq!(ran.code, 2, "{ran:?}");
        assert!(ran.err.contains(said), "{said}: {ran:?}");
        assert!(!ran.err.contains("hunter2"), "{ran:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_service_s_own_configuration_is_read() {
    let (server, _cache) = with_instance().await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("appsettings.json");
    let json = serde_json::json!({ "TheTechLoopCache": {
        "Redis": { "Configuration": server.url(), "InstanceName": "unstale:" },
    } });
    std::fs::write(&file, json.to_string()).unwrap();
    let ran = run(&["--config", file.to_str().unwrap(), "instances"]).await;
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(ran.out.contains("first"), "{ran:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn help_and_completions_need_no_server() {
    let ran = run(&["--help"]).await;
    assert_eq!(ran.code, 0);
    for shown in ["Exit codes:", "doctor", "completions", "--json"] {
        assert!(ran.out.contains(shown), "{shown}: {ran:?}");
    }
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let ran = run(&["completions", shell]).await;
        assert_eq!(ran.code, 0);
        assert!(ran.out.contains("instances"), "{shell}");
    }
    // A shell that takes them offers the verbs.
    let asked = r#"eval "$1"; COMP_WORDS=(unstale do); COMP_CWORD=1; _unstale unstale do unstale; echo "${COMPREPLY[@]}""#;
    let script = run(&["completions", "bash"]).await.out;
    let offered = Command::new("bash")
        .args(["-c", asked, "bash", &script])
        .output();
    let offered = String::from_utf8(offered.unwrap().stdout).unwrap();
    assert_eq!(offered.trim(), "doctor");
}
