//! `bench`.

use std::process::{Command, Stdio};

use testbed::{Server, Value, eventually};

use crate::bed::{PATIENCE, at, start, tool};

fn keys(server: &Server) -> Value {
    server.command(["DBSIZE"]).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_measures_and_leaves_nothing_behind() {
    let server = start();
    server.command(["SET", "somebody's", "own"]).unwrap();
    let words = [
        "bench",
        "--preset",
        "inventory",
        "--seconds",
        "1",
        "--workers",
        "2",
        "--yes",
    ];
    let ran = at(&server, &[&words[..], &["--json"]].concat()).await;
    let json = ran.json();
    assert_eq!(ran.code, 0, "{json}");
    assert_eq!(
        (&json["preset"], &json["instances"]),
        (&"inventory".into(), &2.into())
    );
    assert!(json["queries"].as_u64().unwrap() > 0, "{json}");
    assert_eq!(json["staleness"]["own_writes_lost"], 0);
    assert_eq!(keys(&server), Value::Int(1));
    let ran = at(&server, &words).await;
    assert_eq!(ran.code, 0, "{ran:?}");
    for shown in ["Hit rate", "Without a cache"] {
        assert!(ran.out.contains(shown), "{shown}: {ran:?}");
    }
    assert_eq!(keys(&server), Value::Int(1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn interrupted_it_leaves_nothing_behind() {
    let server = start();
    let url = server.url();
    let words = ["--redis", &url, "bench", "--seconds", "600", "--yes"];
    let mut tool = tool(&words).stderr(Stdio::null()).spawn().unwrap();
    eventually("there are records", PATIENCE, || async {
        matches!(keys(&server), Value::Int(10..))
    })
    .await;
    let interrupt = Command::new("kill")
        .args(["-INT", &tool.id().to_string()])
        .status();
    assert!(interrupt.unwrap().success());
    let ended = tokio::task::spawn_blocking(move || tool.wait().unwrap());
    assert_eq!(ended.await.unwrap().code(), Some(130));
    assert_eq!(keys(&server), Value::Int(0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_says_what_it_will_do_and_does_not_without_a_yes() {
    let server = start();
    let ran = at(&server, &["bench"]).await;
    assert_eq!(ran.code, 2, "{ran:?}");
    assert!(
        ran.err.contains("unstale-bench-") && ran.err.contains("--yes"),
        "{ran:?}"
    );
    let ran = at(&server, &["bench", "--preset", "stocks", "--yes"]).await;
    assert_eq!(ran.code, 2, "{ran:?}");
    assert!(ran.err.contains("stock-prices"), "{ran:?}");
    assert_eq!(keys(&server), Value::Int(0));
}
