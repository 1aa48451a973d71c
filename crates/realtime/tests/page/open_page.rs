//! The page as somebody who looks at it finds it.

use std::{
    env, fs,
    path::{Path, PathBuf},
    time::Duration,
};

use fantoccini::{Locator, elements::Element, key::Key};
use serde_json::{Value, json};
use testbed::eventually;

use crate::{browser::Browser, demo::Demo};

/// Long enough for a browser on a slow machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// The page of a running demo, in a browser.
pub(crate) struct OpenPage {
    pub(crate) demo: Demo,
    pub(crate) browser: Browser,
}

impl OpenPage {
    pub(crate) async fn open() -> Self {
        Self::of(Demo::start().await).await
    }

    pub(crate) async fn of(demo: Demo) -> Self {
        let browser = Browser::start().await;
        browser.client.goto(&demo.url).await.unwrap();
        let page = Self { demo, browser };
        page.until(
            "the page showed a scene",
            "return document.body.dataset.shown === 'true'",
        )
        .await;
        page.until("the checker has checked", "return checked() > 0")
            .await;
        page
    }

    /// What a script on the page returns. It may use a few words of its own.
    pub(crate) async fn ask(&self, script: &str) -> Value {
        let words = "
            const text = selector => document.querySelector(selector)?.textContent ?? '';
            const count = text => Number(text.replace(/[^0-9]/g, ''));
            const checked = () => count(text('[data-figure=checked]'));
            const row = (letter, symbol) =>
                document.querySelector(`[data-instance=${letter}] [data-symbol=${symbol}]`);
            const cell = (letter, symbol, name) => row(letter, symbol).querySelector(`.${name} span`).textContent;
            const version = (letter, symbol) => Number(row(letter, symbol).dataset.version);
            const state = letter => document.querySelector(`[data-instance=${letter}]`).dataset.state;
            const fact = (letter, name) => count([...document.querySelectorAll(`[data-instance=${letter}] .facts div`)]
                .find(one => one.firstChild.textContent === name).lastChild.textContent);
        ";
        let script = format!("{words}{script}");
        self.browser.client.execute(&script, vec![]).await.unwrap()
    }

    /// Waits until a script returns true.
    pub(crate) async fn until(&self, what: &str, script: &str) {
        eventually(what, PATIENCE, || async {
            match self.ask(script).await {
                Value::Bool(true) => Ok(()),
                other => Err((other, self.ask("return document.body.innerText").await)),
            }
        })
        .await;
    }

    pub(crate) async fn find(&self, selector: &str) -> Element {
        let found = self.browser.client.find(Locator::Css(selector)).await;
        found.unwrap_or_else(|error| panic!("{selector}: {error}"))
    }

    /// Clicks as a person does: on what can be seen.
    pub(crate) async fn click(&self, selector: &str) {
        self.find(selector).await.click().await.unwrap();
    }

    /// Presses a key, wherever the focus is.
    pub(crate) async fn press(&self, key: Key) {
        let focused = self.browser.client.active_element().await.unwrap();
        focused.send_keys(&key.to_string()).await.unwrap();
    }

    /// Makes the page as large as a window of this width that shows all of it.
    pub(crate) async fn resize(&self, width: u32) {
        self.metrics(width, 900).await;
        let height = self
            .ask("return document.documentElement.scrollHeight")
            .await;
        let height = height
            .as_u64()
            .and_then(|height| u32::try_from(height).ok());
        self.metrics(width, height.unwrap_or(900)).await;
    }

    async fn metrics(&self, width: u32, height: u32) {
        let metrics =
            json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
        self.browser
            .devtools("Emulation.setDeviceMetricsOverride", metrics)
            .await;
        let is_there = format!("return window.innerWidth === {width}");
        self.until("the window has its size", &is_there).await;
    }

    pub(crate) async fn prefer(&self, scheme: &str) {
        let media = json!({ "features": [{ "name": "prefers-color-scheme", "value": scheme }] });
        self.browser
            .devtools("Emulation.setEmulatedMedia", media)
            .await;
    }

    /// Keeps what the page looks like, for people.
    pub(crate) async fn keep_picture(&self, name: &str) {
        let picture = self.browser.client.screenshot().await.unwrap();
        let target = Path::new(env!("CARGO_BIN_EXE_realtime"));
        let folder = env::var_os("UNSTALE_SCREENSHOTS").map_or_else(
            || target.ancestors().nth(2).unwrap().join("screenshots"),
            PathBuf::from,
        );
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join(format!("{name}.png")), picture).unwrap();
    }

    /// Ends the test: whatever was done to it, no read was stale, and no script failed.
    pub(crate) async fn close(self) {
        assert_eq!(self.ask("return text('[data-figure=stale]')").await, "0");
        let before = self.ask("return checked()").await;
        let goes_on = format!("return checked() > {before}");
        self.until("the checker goes on", &goes_on).await;
        assert_eq!(self.ask("return text('[data-figure=stale]')").await, "0");
        assert_eq!(self.ask("return text('#complaint')").await, "");
        self.browser.stop().await;
    }
}
