//! A server that has run out of memory.

use std::time::Duration;

use anyhow::{Context as _, Result};
use async_trait::async_trait;

use crate::{
    fault::{Draw, Effect, Expectation, Fault},
    field::Field,
};

/// So much less than it uses.
const LESS: u64 = 30_000;

/// What it does about it.
#[derive(Copy, Clone, PartialEq, Eq)]
enum Policy {
    /// It evicts any keys, those that the library depends on not excepted.
    Evict,
    /// It refuses what needs memory.
    Refuse,
}

/// A limit below what is in use.
pub(super) struct Memory {
    policy: Policy,
    hold: Duration,
}

impl Memory {
    pub(super) fn evictions(draw: &mut Draw<'_>) -> Self {
        Self {
            policy: Policy::Evict,
            hold: draw.millis(200..=1000),
        }
    }

    pub(super) fn full(draw: &mut Draw<'_>) -> Self {
        Self {
            policy: Policy::Refuse,
            hold: draw.millis(200..=1500),
        }
    }
}

#[async_trait]
impl Fault for Memory {
    /// Whether anything is lost is left to chance.
    fn expects(&self) -> Expectation {
        Expectation::Nothing
    }

    fn hold(&self) -> Duration {
        self.hold
    }

    async fn inject(&mut self, field: &Field) -> Result<Effect> {
        let info = field.text(&["INFO", "memory"]).await?;
        let used: u64 = info
            .lines()
            .find_map(|line| line.trim().strip_prefix("used_memory:")?.parse().ok())
            .context("INFO memory does not tell used_memory")?;
        let (policy, limit) = match self.policy {
            Policy::Evict => ("allkeys-random", used.saturating_sub(LESS)),
            Policy::Refuse => ("noeviction", 1),
        };
        field
            .command(&["CONFIG", "SET", "maxmemory-policy", policy])
            .await?;
        field
            .command(&["CONFIG", "SET", "maxmemory", &limit.to_string()])
            .await?;
        Ok(Effect::now())
    }

    async fn heal(&mut self, field: &Field) -> Result<()> {
        field.command(&["CONFIG", "SET", "maxmemory", "0"]).await?;
        Ok(())
    }
}
