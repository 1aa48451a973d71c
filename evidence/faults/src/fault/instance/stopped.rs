//! A process that does not run for a while: SIGSTOP and SIGCONT.

use std::time::Duration;

use anyhow::Result;
use async_trait::async_trait;
use tokio::time::sleep;

use super::with_process;
use crate::{
    fault::{
        Draw, Effect, Expectation, Fault, Whom,
        server::{CERTAIN, appended},
    },
    field::{Field, Setup},
    options::{SubjectKind, Topology, Transport},
    settings::{LEASE_TTL, LOG, MAX_STALENESS},
};

/// No timeout is longer, on whichever side: leases that it holds expire, its proof does, and others
/// give up waiting for it.
const EVERY_TIMEOUT: Duration = LEASE_TTL;

/// One stop.
pub(super) struct Stopped {
    place: usize,
    hold: Duration,
}

impl Stopped {
    pub(super) fn long(draw: &mut Draw<'_>) -> Self {
        Self {
            place: draw.process(),
            hold: EVERY_TIMEOUT + draw.millis(100..=600),
        }
    }

    pub(super) fn short(draw: &mut Draw<'_>) -> Self {
        Self {
            place: draw.process(),
            hold: draw.millis(5..=2 * MAX_STALENESS.as_millis() as u64),
        }
    }
}

#[async_trait]
impl Fault for Stopped {
    /// Nothing is lost: the log is still there, and what the process missed it reads when it goes
    /// on. Until then it must not answer from its copies, and that the judge sees.
    fn expects(&self) -> Expectation {
        Expectation::Nothing
    }

    fn hold(&self) -> Duration {
        self.hold
    }

    async fn inject(&mut self, field: &Field) -> Result<Effect> {
        with_process(field, self.place, async |process| process.pause().await).await?;
        Ok(Effect::now())
    }

    async fn heal(&mut self, field: &Field) -> Result<()> {
        with_process(field, self.place, async |process| process.resume()).await
    }
}

/// Stopped again and again for moments, at any instruction.
pub(super) struct Stuttering {
    place: usize,
    /// How long it runs, and how long it does not.
    stops: Vec<(Duration, Duration)>,
}

impl Stuttering {
    const STOPS: usize = 25;

    pub(super) fn new(draw: &mut Draw<'_>) -> Self {
        let place = draw.process();
        let mut stop = || (draw.millis(1..=30), draw.millis(1..=60));
        Self {
            place,
            stops: (0..Self::STOPS).map(|_| stop()).collect(),
        }
    }
}

#[async_trait]
impl Fault for Stuttering {
    fn expects(&self) -> Expectation {
        Expectation::Nothing
    }

    fn hold(&self) -> Duration {
        Duration::ZERO
    }

    async fn inject(&mut self, field: &Field) -> Result<Effect> {
        let effect = Effect::now();
        for (runs, stands) in &self.stops {
            sleep(*runs).await;
            with_process(field, self.place, async |process| {
                process.pause().await?;
                sleep(*stands).await;
                process.resume()
            })
            .await?;
        }
        Ok(effect)
    }

    async fn heal(&mut self, _: &Field) -> Result<()> {
        Ok(())
    }
}

/// Stopped, while entries of the log that it has not read are trimmed away.
pub(super) struct Trimmed {
    place: usize,
    stopped_for: Duration,
    gap: bool,
}

impl Trimmed {
    /// Only a Stream is trimmed, only this library has a log, and only one server is told to.
    pub(super) fn applies(setup: &Setup) -> bool {
        setup.topology == Topology::Single
            && setup.transport == Transport::Streams
            && setup.subject == SubjectKind::Unstale
    }

    pub(super) fn new(draw: &mut Draw<'_>) -> Self {
        Self {
            place: draw.process(),
            stopped_for: draw.millis(100..=3 * MAX_STALENESS.as_millis() as u64),
            gap: false,
        }
    }
}

#[async_trait]
impl Fault for Trimmed {
    fn expects(&self) -> Expectation {
        if self.gap {
            Expectation::Loss(Whom::One(self.place))
        } else {
            Expectation::Nothing
        }
    }

    fn hold(&self) -> Duration {
        Duration::ZERO
    }

    /// It takes effect when the process goes on: before that, it cannot notice anything.
    async fn inject(&mut self, field: &Field) -> Result<Effect> {
        with_process(field, self.place, async |process| process.pause().await).await?;
        let before = appended(field).await?;
        sleep(self.stopped_for).await;
        self.gap = appended(field).await? >= before + CERTAIN;
        field.command(&["XTRIM", LOG, "MAXLEN", "0"]).await?;
        let effect = Effect::now();
        with_process(field, self.place, async |process| process.resume()).await?;
        Ok(effect)
    }

    async fn heal(&mut self, _: &Field) -> Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::{
        COMMAND_TIMEOUT, CONNECT_TIMEOUT, LEASE_WAIT, LOAD_TIMEOUT, POLL_INTERVAL,
    };

    #[test]
    fn no_timeout_is_longer() {
        let others = [
            COMMAND_TIMEOUT,
            CONNECT_TIMEOUT,
            LEASE_WAIT,
            LOAD_TIMEOUT,
            MAX_STALENESS,
            POLL_INTERVAL,
        ];
        assert!(others.iter().all(|other| *other <= EVERY_TIMEOUT));
    }
}
