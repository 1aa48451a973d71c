//! Positions that were given out are given out again: the server goes on from where it once was.

use std::time::Duration;

use anyhow::{Context as _, Result};
use async_trait::async_trait;
use testbed::Value;
use tokio::time::sleep;

use super::appended;
use crate::{
    clock,
    fault::{Draw, Effect, Expectation, Fault, Whom},
    field::{Field, text},
    settings::{LOG, META},
};

/// Puts an earlier state in the place of `meta`; where the log is a Stream, that is lost as well,
/// so that nothing but `meta` knows which positions are taken.
const GO_BACK: &str = "
redis.call('UNLINK', KEYS[1], KEYS[2])
return redis.call('HSET', KEYS[1], unpack(ARGV))
";

/// `meta` is replaced by what it was so long before.
pub(super) struct Reused {
    age: Duration,
}

impl Reused {
    pub(super) fn meta(draw: &mut Draw<'_>) -> Self {
        Self {
            age: draw.millis(10..=400),
        }
    }
}

#[async_trait]
impl Fault for Reused {
    fn expects(&self) -> Expectation {
        Expectation::Loss(Whom::All)
    }

    fn hold(&self) -> Duration {
        Duration::ZERO
    }

    async fn inject(&mut self, field: &Field) -> Result<Effect> {
        let fields = meta(field).await?;
        let kept = appended(field).await?;
        sleep(self.age).await;
        // On a starved machine nothing may have been appended meanwhile, and nothing would be lost.
        while appended(field).await? == kept {
            sleep(self.age).await;
        }
        let mut words = vec!["EVAL", GO_BACK, "2", META, LOG];
        words.extend(fields.iter().map(String::as_str));
        let began = clock::now();
        field
            .command(&words)
            .await
            .context("cannot put an earlier state in the place of meta")?;
        Ok(Effect::since(began))
    }

    async fn heal(&mut self, _: &Field) -> Result<()> {
        Ok(())
    }
}

async fn meta(field: &Field) -> Result<Vec<String>> {
    Ok(match field.command(&["HGETALL", META]).await? {
        Value::Array(fields) => fields.iter().filter_map(text).collect(),
        Value::Map(fields) => fields
            .iter()
            .flat_map(|(name, value)| [text(name), text(value)])
            .flatten()
            .collect(),
        _ => Vec::new(),
    })
}
