//! A server, instances on it, and the tool.

use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::Value;
use testbed::{Server, eventually};
use unstale::{Cache, Config};

/// Long enough for a slow machine, short enough to notice.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// What the tool answered.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Ran {
    /// Its one JSON document.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

/// The tool, not started yet, with nobody at its terminal.
pub(crate) fn tool(words: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_unstale"));
    command.args(words).stdin(Stdio::null());
    command.env_remove("UNSTALE_REDIS");
    command
}

/// Runs the tool and says what came of it. No failure may look like a crash.
pub(crate) async fn run(words: &[&str]) -> Ran {
    let mut command = tool(words);
    let ran = tokio::task::spawn_blocking(move || command.output());
    let ran = ran.await.expect("no panic").expect("the tool starts");
    let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
    let ran = Ran {
        code: ran.status.code().expect("no signal"),
        out: text(ran.stdout),
        err: text(ran.stderr),
    };
    for crash in ["panicked", "RUST_BACKTRACE"] {
        assert!(!ran.err.contains(crash), "{ran:?}");
    }
    ran
}

/// Runs the tool on this server.
pub(crate) async fn at(server: &Server, words: &[&str]) -> Ran {
    let url = server.url();
    run(&[&["--redis", &url], words].concat()).await
}

pub(crate) fn start() -> Server {
    Server::start().expect("a server: run `cargo xtask test`")
}

/// Settings of an instance on this server that tells of itself often.
pub(crate) fn config(server: &Server) -> Config {
    config_at(&server.url())
}

pub(crate) fn config_at(url: &str) -> Config {
    let mut config = Config::default();
    config.redis.connect_to(url.parse().expect("an address"));
    config.redis.command_timeout = Some(Duration::from_secs(5));
    config.max_staleness = Duration::from_secs(60);
    config.heartbeat.interval = Duration::from_millis(500);
    config
}

pub(crate) async fn instance(name: &str, config: Config) -> Cache {
    let cache = Cache::builder().config(config).instance_name(name);
    cache.build().await.expect("a cache")
}

/// Waits until the server knows of so many instances.
pub(crate) async fn until_told(server: &Server, instances: i64) {
    eventually("instances told of themselves", PATIENCE, || async {
        let there = server.command(["ZCARD", "{unstale:0}:instances"]).unwrap();
        (there == testbed::Value::Int(instances))
            .then_some(())
            .ok_or(there)
    })
    .await;
}

/// Waits until an instance has followed the log as far as its own removal or `set`: what it is at before
/// does not stay.
pub(crate) async fn until_followed(cache: &Cache, outcome: &unstale::Outcome) {
    let position = Some(at_position(outcome));
    eventually("it follows the log", PATIENCE, || async {
        let at = cache.health().position;
        (at == position).then_some(()).ok_or(at)
    })
    .await;
}

/// Where a removal stands in the log.
pub(crate) fn at_position(removal: &unstale::Outcome) -> String {
    removal.token().expect("it is applied").to_string()
}

/// A server with one instance that has told of itself.
pub(crate) async fn with_instance() -> (Server, Cache) {
    let server = start();
    let cache = instance("first", config(&server)).await;
    until_told(&server, 1).await;
    (server, cache)
}
