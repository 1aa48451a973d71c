//! Entries of the log are gone before a reader that stopped for a while has read them.

use std::time::Duration;

use anyhow::{Context as _, Result};
use async_trait::async_trait;
use testbed::Direction;
use tokio::time::sleep;

use crate::{
    fault::{Draw, Effect, Expectation, Fault, Whom},
    field::Field,
    settings::{LOG, MAX_STALENESS, META},
};

/// One entry may be under way to the reader when it stops; more are lost with certainty.
pub(in crate::fault) const CERTAIN: u64 = 3;

/// A gap.
pub(super) struct Trimmed {
    victim: usize,
    stopped_for: Duration,
    command: &'static [&'static str],
    gap: bool,
}

impl Trimmed {
    pub(super) fn by_length(draw: &mut Draw<'_>) -> Self {
        Self::by(draw, &["XTRIM", LOG, "MAXLEN", "0"])
    }

    pub(super) fn by_eviction(draw: &mut Draw<'_>) -> Self {
        Self::by(draw, &["UNLINK", LOG])
    }

    fn by(draw: &mut Draw<'_>, command: &'static [&'static str]) -> Self {
        // Not so long that the silence alone would be noticed.
        let longest = MAX_STALENESS.as_millis() as u64 / 2;
        Self {
            victim: draw.victim(),
            stopped_for: draw.millis(60..=longest),
            command,
            gap: false,
        }
    }
}

#[async_trait]
impl Fault for Trimmed {
    fn expects(&self) -> Expectation {
        if self.gap {
            Expectation::Loss(Whom::One(self.victim))
        } else {
            Expectation::Nothing
        }
    }

    fn hold(&self) -> Duration {
        Duration::ZERO
    }

    async fn inject(&mut self, field: &Field) -> Result<Effect> {
        let victim = field.instances(Whom::One(self.victim));
        for instance in &victim {
            instance.proxy().stall(Direction::Both);
        }
        let before = appended(field).await?;
        sleep(self.stopped_for).await;
        self.gap = appended(field).await? >= before + CERTAIN;
        field.command(self.command).await?;
        let effect = Effect::now();
        for instance in &victim {
            instance.proxy().heal()?;
        }
        Ok(effect)
    }

    async fn heal(&mut self, _: &Field) -> Result<()> {
        Ok(())
    }
}

/// How many entries the log has had in this epoch.
pub(in crate::fault) async fn appended(field: &Field) -> Result<u64> {
    let seq = field.text(&["HGET", META, "seq"]).await?;
    seq.parse()
        .with_context(|| format!("meta has the sequence number `{seq}`"))
}
