//! A process is killed in the middle of a removal.

use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use async_trait::async_trait;
use testbed::Direction;
use tokio::time::sleep;

use super::with_process;
use crate::{
    fault::{Draw, Effect, Expectation, Fault},
    field::Field,
    instance::Instance as _,
    options::Topology,
    process::Process,
};

/// Where its removals are when it is killed.
#[derive(Copy, Clone, Debug)]
enum Way {
    /// Anywhere between the database and the acknowledgement.
    Free,
    /// Sent, and not arrived; they arrive when it is long dead.
    Unsent,
    /// Executed, and not acknowledged.
    Unanswered,
    /// Cut off after so many bytes.
    Torn(u64),
}

/// One death.
pub(super) struct Killed {
    place: usize,
    way: Way,
    /// Since the process wrote the database.
    after: Duration,
    dead_for: Duration,
}

/// By then a process has written something.
const PATIENCE: Duration = Duration::from_secs(5);

impl Killed {
    pub(super) fn new(draw: &mut Draw<'_>) -> Self {
        let place = draw.process();
        let has_proxies = draw.setup().topology == Topology::Single;
        let random = draw.random();
        // Where there are no proxies nothing can be held up on its way.
        let ways = if has_proxies { 4 } else { 1 };
        let (way, longest) = match random.u8(0..ways) {
            // A removal takes about as long.
            0 => (Way::Free, 600),
            1 => (Way::Unsent, 20_000),
            2 => (Way::Unanswered, 20_000),
            _ => (Way::Torn(random.u64(0..600)), 5_000),
        };
        Self {
            place,
            way,
            after: Duration::from_micros(random.u64(0..longest)),
            dead_for: draw.millis(0..=1500),
        }
    }

    async fn strike(&self, process: &Process) -> Result<()> {
        match self.way {
            Way::Free => {}
            Way::Unsent => process.proxy().stall(Direction::ToServer),
            Way::Unanswered => process.proxy().stall(Direction::ToClient),
            Way::Torn(bytes) => process.proxy().cut_after(Direction::ToServer, bytes),
        }
        // Whoever writes the database from now on removes behind it, and does not get to the end.
        let before = process.writes();
        let waiting = Instant::now();
        while process.writes() == before {
            if waiting.elapsed() > PATIENCE {
                bail!("{} writes nothing", process.name());
            }
            sleep(Duration::from_micros(100)).await;
        }
        sleep(self.after).await;
        process.kill().await
    }
}

#[async_trait]
impl Fault for Killed {
    /// What it wrote and did not remove is nobody's promise; what it had removed still is.
    fn expects(&self) -> Expectation {
        Expectation::Nothing
    }

    fn hold(&self) -> Duration {
        self.dead_for
    }

    async fn inject(&mut self, field: &Field) -> Result<Effect> {
        with_process(field, self.place, async |process| {
            self.strike(process).await
        })
        .await?;
        Ok(Effect::now())
    }

    async fn heal(&mut self, field: &Field) -> Result<()> {
        with_process(field, self.place, async |process| {
            process.proxy().heal()?;
            process.replace().await
        })
        .await
    }
}
