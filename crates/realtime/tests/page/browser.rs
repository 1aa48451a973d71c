//! A browser of one's own, with a profile that is thrown away.

use std::{process::Stdio, time::Duration};

use fantoccini::{Client, ClientBuilder, wd::WebDriverCompatibleCommand};
use hyper_util::client::legacy::connect::HttpConnector;
use reqwest::{Method, Url};
use serde_json::{Value, json};
use tempfile::TempDir;
use testbed::{ReservedPort, eventually};
use tokio::process::{Child, Command};

/// A browser takes its time on a machine that is busy.
const STARTS_WITHIN: Duration = Duration::from_secs(120);

pub(crate) struct Browser {
    pub(crate) client: Client,
    driver: Child,
    _port: ReservedPort,
    _profile: TempDir,
}

impl Browser {
    pub(crate) async fn start() -> Self {
        let profile = tempfile::tempdir().unwrap();
        let port = ReservedPort::any().unwrap();
        let driver = Command::new("chromedriver")
            .arg(format!("--port={}", port.addr().port()))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .expect("chromedriver: run `cargo xtask test`, or install Debian's chromium-driver");
        let capabilities = capabilities(&profile);
        let address = format!("http://{}", port.addr());
        let client = eventually("the browser started", STARTS_WITHIN, || {
            let mut builder = ClientBuilder::new(HttpConnector::new());
            builder.capabilities(capabilities.clone());
            let address = address.clone();
            async move { builder.connect(&address).await }
        })
        .await;
        Self {
            client,
            driver,
            _port: port,
            _profile: profile,
        }
    }

    /// Asks the browser itself, in its own protocol.
    pub(crate) async fn devtools(&self, method: &'static str, parameters: Value) {
        let command = Devtools { method, parameters };
        self.client.issue_cmd(command).await.unwrap();
    }

    pub(crate) async fn stop(mut self) {
        self.client.close().await.unwrap();
        self.driver.kill().await.unwrap();
    }
}

fn capabilities(profile: &TempDir) -> fantoccini::wd::Capabilities {
    let arguments = [
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--window-size=1280,900",
    ]
    .map(str::to_owned);
    let profile = format!("--user-data-dir={}", profile.path().display());
    let arguments: Vec<_> = arguments.into_iter().chain([profile]).collect();
    let capabilities = json!({
        "browserName": "chrome",
        "goog:chromeOptions": { "args": arguments },
        "goog:loggingPrefs": { "browser": "ALL" },
    });
    capabilities.as_object().unwrap().clone()
}

#[derive(Debug)]
struct Devtools {
    method: &'static str,
    parameters: Value,
}

impl WebDriverCompatibleCommand for Devtools {
    fn endpoint(
        &self,
        base: &Url,
        session: Option<&str>,
    ) -> Result<Url, <Url as std::str::FromStr>::Err> {
        base.join(&format!(
            "session/{}/goog/cdp/execute",
            session.unwrap_or_default()
        ))
    }

    fn method_and_body(&self, _: &Url) -> (Method, Option<String>) {
        let body = json!({ "cmd": self.method, "params": self.parameters });
        (Method::POST, Some(body.to_string()))
    }
}
