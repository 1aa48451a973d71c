//! `tail`.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, ChildStderr, ChildStdout, Stdio};

use serde_json::Value;
use testbed::{Server, eventually};

use crate::bed::{PATIENCE, at, at_position, config, instance, tool, until_told, with_instance};

/// The tool, following the log, once it has said that it does.
struct Following {
    tool: Child,
    /// Until the reader goes away.
    out: Option<BufReader<ChildStdout>>,
    err: BufReader<ChildStderr>,
}

impl Following {
    async fn begin(server: &Server, words: &[&str]) -> Self {
        let url = server.url();
        let mut command = tool(&[&["--redis", &url, "tail"], words].concat());
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let begun = tokio::task::spawn_blocking(move || {
            let mut tool = command.spawn().expect("the tool starts");
            let out = tool.stdout.take().map(BufReader::new);
            let mut err = BufReader::new(tool.stderr.take().unwrap());
            let mut line = String::new();
            err.read_line(&mut line).unwrap();
            assert!(line.contains("Following the log"), "{line}");
            Self { tool, out, err }
        });
        begun.await.unwrap()
    }

    async fn line(mut self) -> (Self, String) {
        let read = tokio::task::spawn_blocking(move || {
            let mut line = String::new();
            self.out.as_mut().unwrap().read_line(&mut line).unwrap();
            (self, line)
        });
        read.await.unwrap()
    }
}

impl Drop for Following {
    fn drop(&mut self) {
        self.tool.kill().ok();
        self.tool.wait().ok();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn removals_are_shown_as_they_happen() {
    let (server, cache) = with_instance().await;
    let following = Following::begin(&server, &[]).await;
    let position = at_position(&cache.remove("stock:price:MSFT").await);
    let (following, line) = following.line().await;
    assert!(
        line.contains("stock:price:MSFT") && line.contains("first"),
        "{line}"
    );
    assert!(line.contains(&position), "{line}");
    assert!(cache.remove_pattern("feed:*").await.is_applied());
    let (following, line) = following.line().await;
    assert!(line.contains("pattern feed:*"), "{line}");
    assert!(cache.remove_tag("sport").await.is_applied());
    let (_following, line) = following.line().await;
    assert!(line.contains("tag sport"), "{line}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_channel_is_followed_as_well() {
    let server = crate::bed::start();
    let mut by_channel = config(&server);
    by_channel.use_streams_for_invalidation = false;
    let cache = instance("first", by_channel).await;
    until_told(&server, 1).await;
    let following = Following::begin(&server, &["--pubsub"]).await;
    assert!(cache.remove("key").await.is_applied());
    let (_following, line) = following.line().await;
    assert!(line.contains("first") && line.contains("key"), "{line}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_past_is_filtered_by_pattern() {
    let (server, cache) = with_instance().await;
    for key in ["a:1", "b:1", "a:2"] {
        assert!(cache.remove(key).await.is_applied());
    }
    assert!(cache.remove_pattern("c:*").await.is_applied());
    // The entry that began the epoch, two keys and the pattern.
    let words = [
        "tail",
        "--all",
        "--json",
        "-p",
        "a:*",
        "-n",
        "3",
        "--seconds",
        "60",
    ];
    let ran = at(&server, &words).await;
    assert_eq!(ran.code, 0, "{ran:?}");
    let entries: Vec<Value> = ran
        .out
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let shown: Vec<_> = entries
        .iter()
        .map(|entry| entry["entry"]["keys"][0].clone())
        .collect();
    assert_eq!(shown[..2], ["a:1", "a:2"]);
    assert_eq!(entries[2]["entry"]["patterns"][0], "c:*");
    assert_eq!(entries[0]["name"], "first");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_trimmed_is_said_to_be_missing() {
    let (server, cache) = with_instance().await;
    let mut position = String::new();
    for key in ["a", "b", "c"] {
        position = at_position(&cache.remove(key).await);
    }
    let log = "{unstale:0}:cache:invalidations";
    let (epoch, seq) = position.split_once('-').unwrap();
    let before = format!("{epoch}-{}", seq.parse::<u64>().unwrap() - 1);
    server.command(["XDEL", log, &before]).unwrap();
    let ran = at(&server, &["tail", "--all", "--seconds", "2"]).await;
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(ran.out.contains("-- 1 entry is missing here"), "{ran:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_that_goes_away_ends_it_quietly() {
    let (server, cache) = with_instance().await;
    let following = Following::begin(&server, &[]).await;
    assert!(cache.remove("first").await.is_applied());
    let (mut following, line) = following.line().await;
    assert!(line.contains("first"));
    // As `| head -1` does.
    let Following { tool, out, err } = &mut following;
    drop(out.take());
    eventually("the tool has ended", PATIENCE, || {
        let ended = tool.try_wait().unwrap();
        let cache = cache.clone();
        async move {
            cache.remove("more").await;
            let code = ended.ok_or("it runs")?.code();
            (code == Some(0)).then_some(()).ok_or("another code")
        }
    })
    .await;
    let mut said = String::new();
    err.read_to_string(&mut said).unwrap();
    assert_eq!(said, "");
}
