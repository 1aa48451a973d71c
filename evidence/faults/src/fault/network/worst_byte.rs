//! Connections that break within what is being sent.

use std::{ops::RangeInclusive, time::Duration};

use anyhow::Result;
use async_trait::async_trait;
use testbed::{Direction, Proxy};
use tokio::time::{sleep, timeout};

use crate::{
    fault::{Draw, Effect, Expectation, Fault, Whom},
    field::Field,
};

/// An instance that sends so little that nothing breaks is left alone after this.
const PATIENCE: Duration = Duration::from_millis(400);
const LOOK: Duration = Duration::from_millis(1);

/// A series of breaks.
pub(super) struct WorstByte {
    whom: Whom,
    breaks: Vec<Break>,
}

/// So many bytes pass, then everything is cut for so long.
struct Break {
    direction: Direction,
    bytes: u64,
    cut_for: Duration,
    /// Until the next one.
    rest: Duration,
}

impl WorstByte {
    pub(super) fn anywhere(draw: &mut Draw<'_>) -> Self {
        Self::series(draw, 1..=4000, 0..=120, None)
    }

    /// An acknowledgement is some fifty bytes long.
    pub(super) fn within_acknowledgements(draw: &mut Draw<'_>) -> Self {
        Self::series(draw, 1..=64, 20..=120, Some(Direction::ToClient))
    }

    /// The next break comes before the instance is back in service.
    pub(super) fn twice(draw: &mut Draw<'_>) -> Self {
        Self::series(draw, 1..=1500, 0..=0, None)
    }

    fn series(
        draw: &mut Draw<'_>,
        bytes: RangeInclusive<u64>,
        rest: RangeInclusive<u64>,
        direction: Option<Direction>,
    ) -> Self {
        let directions = [Direction::ToServer, Direction::ToClient, Direction::Both];
        let count = draw.random().usize(3..9);
        let breaks = (0..count).map(|_| Break {
            direction: direction.unwrap_or(directions[draw.random().usize(0..directions.len())]),
            bytes: draw.random().u64(bytes.clone()),
            cut_for: draw.millis(0..=40),
            rest: draw.millis(rest.clone()),
        });
        let breaks = breaks.collect();
        Self {
            whom: draw.whom(),
            breaks,
        }
    }
}

impl Break {
    async fn happen(&self, proxies: &[&Proxy]) -> Result<()> {
        for proxy in proxies {
            proxy.cut_after(self.direction, self.bytes);
        }
        let all_cut = async {
            while !proxies.iter().all(|proxy| proxy.is_cut()) {
                sleep(LOOK).await;
            }
        };
        // Those that are not cut by then go on as if nothing had been.
        let _ = timeout(PATIENCE, all_cut).await;
        sleep(self.cut_for).await;
        for proxy in proxies {
            proxy.heal()?;
        }
        sleep(self.rest).await;
        Ok(())
    }
}

#[async_trait]
impl Fault for WorstByte {
    fn expects(&self) -> Expectation {
        Expectation::Nothing
    }

    fn hold(&self) -> Duration {
        Duration::ZERO
    }

    async fn inject(&mut self, field: &Field) -> Result<Effect> {
        let instances = field.instances(self.whom);
        let proxies: Vec<_> = instances.iter().map(|instance| instance.proxy()).collect();
        for one in &self.breaks {
            one.happen(&proxies).await?;
        }
        Ok(Effect::now())
    }

    async fn heal(&mut self, field: &Field) -> Result<()> {
        field.heal_network()
    }
}
