//! The loaders of an instance do not do what they should, or are not let.

use std::time::Duration;

use anyhow::Result;
use async_trait::async_trait;

use crate::{
    fault::{Draw, Effect, Expectation, Fault, Whom},
    field::Field,
    workload::Mood,
};

/// One bad time.
pub(super) struct Loaders {
    whom: Whom,
    mood: Mood,
    hold: Duration,
}

impl Loaders {
    pub(super) fn new(draw: &mut Draw<'_>, mood: Mood) -> Self {
        Self {
            whom: draw.whom(),
            mood,
            hold: draw.millis(300..=1500),
        }
    }

    async fn set(&self, field: &Field, mood: Mood) -> Result<()> {
        for instance in field.instances(self.whom) {
            instance.set_mood(mood).await?;
        }
        Ok(())
    }
}

#[async_trait]
impl Fault for Loaders {
    fn expects(&self) -> Expectation {
        Expectation::Nothing
    }

    fn hold(&self) -> Duration {
        self.hold
    }

    async fn inject(&mut self, field: &Field) -> Result<Effect> {
        self.set(field, self.mood).await?;
        Ok(Effect::now())
    }

    async fn heal(&mut self, field: &Field) -> Result<()> {
        self.set(field, Mood::Well).await
    }
}
