//! Faults that are a command, and another one that ends it.

use std::time::Duration;

use anyhow::Result;
use async_trait::async_trait;

use crate::{
    clock,
    fault::{Draw, Effect, Expectation, Fault, Whom},
    field::Field,
    settings::META,
};

type Words = &'static [&'static str];

/// What is said to the server.
pub(super) struct Commands {
    breaks: Vec<String>,
    heals: Option<Words>,
    expects: Expectation,
    hold: Duration,
}

impl Commands {
    /// Everything is gone.
    pub(super) fn flush(_: &mut Draw<'_>) -> Self {
        Self::loss(&["FLUSHALL"])
    }

    /// An eviction takes what positions depend on.
    pub(super) fn meta_lost(_: &mut Draw<'_>) -> Self {
        Self::loss(&["UNLINK", META])
    }

    /// Another history came to the same epoch.
    pub(super) fn other_nonce(_: &mut Draw<'_>) -> Self {
        Self::loss(&["HSET", META, "nonce", "00000000deadbeef"])
    }

    /// Scripts have to be sent again.
    pub(super) fn script_flush(_: &mut Draw<'_>) -> Self {
        Self::harmless(&["SCRIPT", "FLUSH"])
    }

    /// Every connection of a client is closed; new ones are welcome.
    pub(super) fn kill_clients(draw: &mut Draw<'_>) -> Self {
        Self::harmless(if draw.random().bool() {
            &["CLIENT", "KILL", "TYPE", "pubsub"]
        } else {
            &["CLIENT", "KILL", "TYPE", "normal"]
        })
    }

    /// Writes wait, or everything does.
    pub(super) fn paused(draw: &mut Draw<'_>) -> Self {
        let what = if draw.random().bool() { "WRITE" } else { "ALL" };
        let hold = draw.longer_than_max_staleness();
        // It ends by itself: where everything waits, so does the command that ends it.
        let millis = hold.as_millis().to_string();
        Self {
            expects: Expectation::Silence(Whom::All),
            hold,
            ..Self::harmless(&["CLIENT", "PAUSE", &millis, what])
        }
    }

    /// What an isolated primary does.
    pub(super) fn too_few_replicas(draw: &mut Draw<'_>) -> Self {
        Self {
            heals: Some(&["CONFIG", "SET", "min-replicas-to-write", "0"]),
            expects: Expectation::Silence(Whom::All),
            hold: draw.longer_than_max_staleness(),
            ..Self::harmless(&["CONFIG", "SET", "min-replicas-to-write", "1"])
        }
    }

    /// A replica of nobody for a while, which still answers reads.
    pub(super) fn demoted(draw: &mut Draw<'_>) -> Self {
        Self {
            heals: Some(&["REPLICAOF", "NO", "ONE"]),
            hold: draw.millis(100..=1200),
            ..Self::loss(&["REPLICAOF", "127.0.0.1", "1"])
        }
    }

    fn loss(words: &[&str]) -> Self {
        Self {
            expects: Expectation::Loss(Whom::All),
            ..Self::harmless(words)
        }
    }

    fn harmless(words: &[&str]) -> Self {
        Self {
            breaks: words.iter().map(|word| (*word).to_owned()).collect(),
            heals: None,
            expects: Expectation::Nothing,
            hold: Duration::ZERO,
        }
    }
}

#[async_trait]
impl Fault for Commands {
    fn expects(&self) -> Expectation {
        self.expects
    }

    fn hold(&self) -> Duration {
        self.hold
    }

    async fn inject(&mut self, field: &Field) -> Result<Effect> {
        let began = clock::now();
        field.command(&self.breaks).await?;
        Ok(Effect::since(began))
    }

    async fn heal(&mut self, field: &Field) -> Result<()> {
        match self.heals {
            Some(words) => field.command(words).await.map(drop),
            None => Ok(()),
        }
    }
}
