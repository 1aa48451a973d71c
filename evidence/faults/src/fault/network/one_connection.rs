//! One of an instance's two connections goes silent, while the other works.

use std::time::Duration;

use anyhow::Result;
use async_trait::async_trait;
use testbed::Direction;
use tokio::time::sleep;

use crate::{
    fault::{Draw, Effect, Expectation, Fault, Whom},
    field::{Client, Field},
};

/// How often the connection is looked for: a reader that is busy is not recognised as one.
const LOOKS: u32 = 50;
const LOOK: Duration = Duration::from_millis(5);

/// The connection that goes silent.
pub(super) struct OneConnection {
    victim: usize,
    hold: Duration,
    reads_log: bool,
    /// Delivered later, or lost.
    stalls: bool,
    found: bool,
}

impl OneConnection {
    /// The instance does not hear of removals, and its own commands work.
    pub(super) fn log(draw: &mut Draw<'_>) -> Self {
        Self::of(draw, true)
    }

    /// The instance hears of removals, and its own commands do not work.
    pub(super) fn commands(draw: &mut Draw<'_>) -> Self {
        Self::of(draw, false)
    }

    fn of(draw: &mut Draw<'_>, reads_log: bool) -> Self {
        Self {
            victim: draw.victim(),
            hold: draw.longer_than_max_staleness(),
            reads_log,
            stalls: draw.random().bool(),
            found: false,
        }
    }

    /// The connection in question.
    async fn find(&self, field: &Field) -> Result<Option<Client>> {
        for instance in field.instances(Whom::One(self.victim)) {
            for _ in 0..LOOKS {
                let clients = field.clients(&*instance).await?;
                let log = clients.iter().position(|client| client.reads_log);
                if let (Some(log), 2) = (log, clients.len()) {
                    let wanted = if self.reads_log { log } else { 1 - log };
                    return Ok(clients.into_iter().nth(wanted));
                }
                sleep(LOOK).await;
            }
        }
        Ok(None)
    }
}

#[async_trait]
impl Fault for OneConnection {
    fn expects(&self) -> Expectation {
        if self.reads_log && self.found {
            Expectation::Silence(Whom::One(self.victim))
        } else {
            Expectation::Nothing
        }
    }

    fn hold(&self) -> Duration {
        self.hold
    }

    async fn inject(&mut self, field: &Field) -> Result<Effect> {
        let client = self.find(field).await?;
        for instance in field.instances(Whom::One(self.victim)) {
            let proxy = instance.proxy();
            self.found = client.as_ref().is_some_and(|client| {
                if self.stalls {
                    proxy.stall_one(client.addr, Direction::ToClient)
                } else {
                    proxy.black_hole_one(client.addr, Direction::Both)
                }
            });
        }
        Ok(Effect::now())
    }

    async fn heal(&mut self, field: &Field) -> Result<()> {
        field.heal_network()
    }
}
