//! `doctor`: each finding on a server that is set up to give it.

mod instances;
mod server;

use testbed::{Server, ServerBuilder};

use crate::bed::{Ran, at, config, instance, run, until_told};

/// A server that nothing is wrong with.
fn sound() -> ServerBuilder {
    Server::builder()
        .arg("maxmemory", "200mb")
        .arg("maxmemory-policy", "volatile-lru")
}

/// What is not as it should be, by check and severity.
fn findings(ran: &Ran) -> Vec<(String, String)> {
    let json = ran.json();
    let findings = json["findings"].as_array().unwrap().iter();
    let text = |finding: &serde_json::Value, name| finding[name].as_str().unwrap().to_owned();
    let findings = findings.filter(|finding| finding["severity"] != "fine");
    let wrong = findings.filter(|finding| finding["severity"] != "note");
    wrong
        .inspect(|finding| assert!(!text(finding, "remedy").is_empty()))
        .map(|finding| (text(finding, "check"), text(finding, "severity")))
        .collect()
}

async fn doctor(server: &Server) -> Ran {
    at(server, &["doctor", "--json", "--sample", "200"]).await
}

/// The only finding, on a server with an instance that is well.
async fn only(server: &Server, check: &str, severity: &str) {
    let _instance = instance("first", config(server)).await;
    until_told(server, 1).await;
    let ran = doctor(server).await;
    assert_eq!(
        findings(&ran),
        [(check.to_owned(), severity.to_owned())],
        "{ran:?}"
    );
    assert_eq!(ran.code, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sound_server_has_no_findings() {
    let server = sound().persistent().start().unwrap();
    let _instance = instance("first", config(&server)).await;
    until_told(&server, 1).await;
    let ran = doctor(&server).await;
    assert_eq!((ran.code, findings(&ran)), (0, vec![]), "{ran:?}");
    let ran = at(&server, &["doctor", "--sample", "1"]).await;
    assert_eq!(ran.code, 0, "{ran:?}");
    for shown in [
        "ok       version",
        "rights",
        "instances: 1 is well",
        "0 problems, 0 warnings",
    ] {
        assert!(ran.out.contains(shown), "{shown}: {ran:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_that_is_too_short_is_found() {
    let server = sound().start().unwrap();
    let mut short = config(&server);
    short.stream.max_stream_length = 10;
    let cache = instance("first", short).await;
    until_told(&server, 1).await;
    for number in 0..300 {
        assert!(cache.remove(&format!("key:{number}")).await.is_applied());
    }
    let ran = doctor(&server).await;
    assert_eq!(
        findings(&ran),
        [("log".to_owned(), "warning".to_owned())],
        "{ran:?}"
    );
    assert!(ran.out.contains("Set MaxStreamLength to"), "{ran:?}");
}

/// Whom the server forbids these commands.
fn restricted(server: &Server, rules: &[&str]) -> String {
    let user = [
        "ACL", "SETUSER", "plain", "on", "nopass", "~*", "&*", "+@all",
    ];
    server.command([&user, rules].concat()).unwrap();
    server.url().replace("redis://", "redis://plain:any@")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_right_that_is_missing_is_found() {
    let server = sound().start().unwrap();
    let _instance = instance("first", config(&server)).await;
    until_told(&server, 1).await;
    let url = restricted(&server, &["-xadd", "-hset", "-zadd"]);
    let ran = run(&["--redis", &url, "doctor", "--json", "--sample", "1"]).await;
    let rights = ("rights".to_owned(), "problem".to_owned());
    assert_eq!(findings(&ran), [rights.clone(), rights], "{ran:?}");
    for remedy in ["+xadd", "+hset", "+zadd"] {
        assert!(ran.out.contains(remedy), "{remedy}: {ran:?}");
    }
    // Who may not even ask is told so, and not left without an answer.
    let url = restricted(&server, &["-info", "-acl", "-config", "-hgetall"]);
    let ran = run(&["--redis", &url, "doctor", "--sample", "1"]).await;
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(
        ran.out.contains("+info") && ran.out.contains("+hgetall"),
        "{ran:?}"
    );
}

/// The trials of the rights must not be felt by the service.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn looking_changes_nothing() {
    let server = sound().start().unwrap();
    let mut quiet = config(&server);
    quiet.heartbeat.enabled = false;
    quiet.stream.poll_interval = std::time::Duration::from_secs(20);
    let cache = instance("first", quiet).await;
    let load = || async { Ok::<_, std::io::Error>(Some(7_u32)) };
    cache.get_or_load("key", load).await.unwrap();
    assert!(cache.remove_pattern("other:*").await.is_applied());
    let dump = || {
        let keys = [
            "{unstale:0}:meta",
            "{unstale:0}:cache:invalidations",
            "{unstale:0}:k:key",
        ];
        let all = keys.map(|key| server.command(["DUMP", key]).unwrap());
        (all, server.command(["DBSIZE"]).unwrap())
    };
    let before = dump();
    assert_eq!(doctor(&server).await.code, 0);
    assert_eq!(at(&server, &["inspect", "key"]).await.code, 0);
    assert_eq!(at(&server, &["tail", "--all", "-n", "1"]).await.code, 0);
    assert_eq!(dump(), before);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_without_a_command_is_found() {
    let server = sound().arg("rename-command", "XADD \"\"").start().unwrap();
    let ran = at(&server, &["doctor", "--sample", "1"]).await;
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.out.contains("the server does not know XADD"), "{ran:?}");
}
