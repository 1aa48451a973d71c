//! A server that is there, and does not answer.

use std::{
    thread::{self, JoinHandle},
    time::Duration,
};

use anyhow::{Result, anyhow};
use async_trait::async_trait;
use tokio::time::sleep;

use crate::{
    clock,
    fault::{Draw, Effect, Expectation, Fault, Whom},
    field::{Field, blocking},
    settings::{COMMAND_TIMEOUT, CONNECT_TIMEOUT, MAX_STALENESS, POLL_INTERVAL},
};

/// Longer than any of these, and than what the library waits for its reader: `PollInterval` and
/// half a second, twice.
const EVERY_TIMEOUT: Duration = {
    let reader = POLL_INTERVAL.as_millis() * 2 + 1000;
    let longest = [COMMAND_TIMEOUT, CONNECT_TIMEOUT, MAX_STALENESS];
    let mut most = reader;
    let mut at = 0;
    while at < longest.len() {
        if longest[at].as_millis() > most {
            most = longest[at].as_millis();
        }
        at += 1;
    }
    Duration::from_millis(most as u64)
};

/// One silence.
pub(super) struct Stopped {
    means: Means,
    hold: Duration,
    noticed: bool,
}

/// How it is brought about.
enum Means {
    Signal,
    /// A script that has to be killed; the thread that waits for it.
    Script(Option<JoinHandle<()>>),
}

impl Stopped {
    pub(super) fn long(draw: &mut Draw<'_>) -> Self {
        Self {
            means: Means::Signal,
            hold: EVERY_TIMEOUT + draw.millis(100..=600),
            noticed: true,
        }
    }

    pub(super) fn short(draw: &mut Draw<'_>) -> Self {
        Self {
            means: Means::Signal,
            hold: draw.millis(10..=400),
            noticed: false,
        }
    }

    pub(super) fn busy(draw: &mut Draw<'_>) -> Self {
        Self {
            means: Means::Script(None),
            hold: draw.longer_than_max_staleness(),
            noticed: true,
        }
    }
}

#[async_trait]
impl Fault for Stopped {
    fn expects(&self) -> Expectation {
        if self.noticed {
            Expectation::Silence(Whom::All)
        } else {
            Expectation::Nothing
        }
    }

    fn hold(&self) -> Duration {
        self.hold
    }

    async fn inject(&mut self, field: &Field) -> Result<Effect> {
        let began = clock::now();
        match &mut self.means {
            Means::Signal => field.on_server(|server| Ok(server.pause()?)).await?,
            Means::Script(running) => {
                field
                    .command(&["CONFIG", "SET", "busy-reply-threshold", "10"])
                    .await?;
                let server = field.server()?;
                let runs = move || {
                    // Answered with an error when it is killed.
                    let _ = server.command(["EVAL", "while true do end", "0"]);
                };
                *running = Some(thread::Builder::new().spawn(runs)?);
                while !is_busy(field).await {
                    sleep(Duration::from_millis(2)).await;
                }
            }
        }
        Ok(Effect::since(began))
    }

    async fn heal(&mut self, field: &Field) -> Result<()> {
        match &mut self.means {
            Means::Signal => field.on_server(|server| Ok(server.resume()?)).await,
            Means::Script(running) => {
                field.command(&["SCRIPT", "KILL"]).await?;
                let Some(running) = running.take() else {
                    return Ok(());
                };
                blocking(move || {
                    running
                        .join()
                        .map_err(|_| anyhow!("the script's thread panicked"))
                })
                .await
            }
        }
    }
}

/// Whether a script keeps everything else waiting.
async fn is_busy(field: &Field) -> bool {
    match field.command(&["PING"]).await {
        Err(error) => format!("{error:#}").contains("BUSY"),
        Ok(_) => false,
    }
}
