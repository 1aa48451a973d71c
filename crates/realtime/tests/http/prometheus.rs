//! A real Prometheus: what it thinks of `/metrics`, and what it answers to the dashboard.

use std::{
    fs,
    io::Write,
    process::{Child, Command, Stdio},
    time::Duration,
};

use serde_json::{Value, json};
use tempfile::TempDir;
use testbed::{ReservedPort, eventually};

use crate::service::Service;

/// Long enough for a slow machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// How to come by the programs.
const GET: &str = "run `cargo xtask test`, or install Debian's prometheus";

/// A server that scrapes one address.
struct Prometheus {
    process: Child,
    api: String,
    client: reqwest::Client,
    _port: ReservedPort,
    _directory: TempDir,
}

impl Prometheus {
    async fn of(target: &str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let config = directory.path().join("prometheus.yml");
        let scrape = json!({ "job_name": "realtime", "honor_labels": true, "scrape_interval": "500ms",
            "scrape_timeout": "500ms", "static_configs": [{ "targets": [target] }] });
        // JSON is YAML.
        fs::write(&config, json!({ "scrape_configs": [scrape] }).to_string()).unwrap();
        let port = ReservedPort::any().unwrap();
        let address = port.addr();
        let data = directory.path().join("data");
        let process = Command::new("prometheus")
            .arg(format!("--config.file={}", config.display()))
            .arg(format!("--storage.tsdb.path={}", data.display()))
            .arg(format!("--web.listen-address={address}"))
            .stderr(Stdio::null())
            .spawn();
        let started = Self {
            process: process.unwrap_or_else(|error| panic!("{error}: {GET}")),
            api: format!("http://{address}/api/v1"),
            client: reqwest::Client::new(),
            _port: port,
            _directory: directory,
        };
        eventually("two scrapes are over", PATIENCE, || async {
            let scrapes = started
                .ask("count_over_time(unstale_healthy[1h]) >= 2")
                .await;
            scrapes.is_ok_and(|scrapes| scrapes.len() == 2)
        })
        .await;
        started
    }

    /// What a query comes to, or what is wrong with it.
    async fn ask(&self, query: &str) -> Result<Vec<Value>, String> {
        let mut url = reqwest::Url::parse(&format!("{}/query", self.api)).unwrap();
        url.query_pairs_mut().append_pair("query", query);
        let answer = self.client.get(url).send().await;
        let answer = answer.map_err(|error| error.to_string())?;
        let answer: Value = answer.json().await.map_err(|error| error.to_string())?;
        let result = answer["data"]["result"].as_array().cloned();
        result.ok_or_else(|| answer.to_string())
    }
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

/// Every query of the dashboard's panels, with its choices made.
fn queries() -> Vec<String> {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../dashboards/unstale.json");
    let dashboard: Value = serde_json::from_str(&fs::read_to_string(file).unwrap()).unwrap();
    let panels = dashboard["panels"].as_array().unwrap().iter();
    let targets = panels.filter_map(|panel| panel["targets"].as_array());
    let queries = targets.flatten().map(|target| {
        let mut query = target["expr"].as_str().unwrap().to_owned();
        for choice in ["$namespace", "$instance", "$pattern"] {
            query = query.replace(choice, ".*");
        }
        query.replace("$__rate_interval", "1m")
    });
    queries.collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_query_of_the_dashboard_has_an_answer() {
    let service = Service::hub().await;
    for instance in [&service.a, &service.b] {
        instance.get("/api/StockPrices/MSFT").await.with(200);
        instance.get("/api/StockPrices/MSFT").await.with(200);
    }
    let put = service.a.put("/api/StockPrices/MSFT", json!(411)).await;
    put.written(204);
    let prometheus = Prometheus::of(&service.a.address()).await;
    let queries = queries();
    assert!(queries.len() > 20, "{queries:?}");
    for query in queries {
        let answer = prometheus.ask(&query).await;
        let answer = answer.unwrap_or_else(|error| panic!("{query}: {error}"));
        assert!(!answer.is_empty(), "nothing answers {query}");
    }
    drop(prometheus);
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_metrics_are_named_and_told_of_as_it_wants() {
    let service = Service::hub().await;
    service.a.get("/api/StockPrices/MSFT").await.with(200);
    let metrics = service.a.get("/metrics").await.with(200);
    let promtool = Command::new("promtool")
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let mut promtool = promtool.unwrap_or_else(|error| panic!("{error}: {GET}"));
    let mut input = promtool.stdin.take().unwrap();
    let text = metrics.as_str().unwrap().as_bytes();
    input.write_all(text).unwrap();
    drop(input);
    let said = promtool.wait_with_output().unwrap();
    assert!(said.status.success(), "{said:?}");
    service.stop().await;
}
