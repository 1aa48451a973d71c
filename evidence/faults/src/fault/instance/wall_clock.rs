//! The wall clock of a process jumps, and back again.

use std::time::Duration;

use anyhow::Result;
use async_trait::async_trait;

use super::with_process;
use crate::{
    fault::{Draw, Effect, Expectation, Fault},
    field::Field,
};

const HOUR: i64 = 3600;

/// One jump.
pub(super) struct WallClock {
    place: usize,
    seconds_ahead: i64,
    hold: Duration,
}

impl WallClock {
    pub(super) fn new(draw: &mut Draw<'_>) -> Self {
        Self {
            place: draw.process(),
            seconds_ahead: if draw.random().bool() { HOUR } else { -HOUR },
            hold: draw.longer_than_max_staleness(),
        }
    }

    async fn turn(&self, field: &Field, seconds_ahead: i64) -> Result<()> {
        with_process(field, self.place, async |process| {
            process.set_wall_clock(seconds_ahead).await
        })
        .await
    }
}

#[async_trait]
impl Fault for WallClock {
    /// No decision rests on it.
    fn expects(&self) -> Expectation {
        Expectation::Nothing
    }

    fn hold(&self) -> Duration {
        self.hold
    }

    async fn inject(&mut self, field: &Field) -> Result<Effect> {
        self.turn(field, self.seconds_ahead).await?;
        Ok(Effect::now())
    }

    async fn heal(&mut self, field: &Field) -> Result<()> {
        self.turn(field, 0).await
    }
}
