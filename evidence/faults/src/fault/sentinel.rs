//! Faults of servers of which sentinels know the primary.

use std::time::Duration;

use anyhow::{Context as _, Result};
use async_trait::async_trait;
use testbed::{Server, Watched};
use tokio::time::sleep;

use super::{Effect, Expectation, Fault, Kind, Whom, kind, until_promoted};
use crate::{clock, field::Field, servers::Servers};

/// How long a promotion may take, in looks: sentinels that were starved do nothing for half a minute.
const LOOKS: u32 = 12_000;

/// Everything that can go wrong there. Not among it: `SENTINEL FAILOVER`, because the old primary goes on
/// accepting writes until it is told that it is a replica.
pub(super) const KINDS: &[Kind] = &[
    kind("primary killed, replica promoted", |_| {
        boxed(Manner::Killed)
    }),
    kind("primary killed, removals lost", |draw| {
        boxed(Manner::Losing(draw.millis(20..=400)))
    }),
    kind("primary restarts empty", |_| boxed(Manner::Restarting)),
    kind("primary stopped for a moment", |draw| {
        boxed(Manner::Stopped(draw.millis(10..=120)))
    }),
    kind("replica restarts", |_| boxed(Manner::Replica)),
    kind("sentinel restarts", |draw| {
        boxed(Manner::Sentinel(draw.random().usize(0..3)))
    }),
];

/// What happens.
#[derive(Copy, Clone, PartialEq, Eq)]
enum Manner {
    /// The primary is killed, and comes back when a replica has taken its place.
    Killed,
    /// The same, so long after all replicas were cut off: acknowledged removals are lost.
    Losing(Duration),
    /// It is killed, and is back with nothing before anybody takes its place.
    Restarting,
    /// It is stopped for a moment, in which nobody does.
    Stopped(Duration),
    /// A replica is killed, and started again.
    Replica,
    /// This sentinel is.
    Sentinel(usize),
}

/// One of these.
struct Struck {
    manner: Manner,
    port: u16,
}

fn boxed(manner: Manner) -> Box<dyn Fault> {
    Box::new(Struck { manner, port: 0 })
}

#[async_trait]
impl Fault for Struck {
    fn expects(&self) -> Expectation {
        match self.manner {
            Manner::Killed | Manner::Losing(_) | Manner::Restarting => Expectation::Loss(Whom::All),
            Manner::Stopped(_) | Manner::Replica | Manner::Sentinel(_) => Expectation::Nothing,
        }
    }

    fn hold(&self) -> Duration {
        match self.manner {
            Manner::Stopped(time) => time,
            _ => Duration::ZERO,
        }
    }

    async fn inject(&mut self, field: &Field) -> Result<Effect> {
        let manner = self.manner;
        if let Manner::Losing(lag) = manner {
            let part = |servers: &Servers| {
                let watched = servers.watched()?;
                let primary = primary(watched)?;
                for replica in replicas(watched, primary.port()) {
                    primary.part_from(replica)?;
                }
                Ok(())
            };
            field.on_servers(part).await?;
            sleep(lag).await;
        }
        let began = clock::now();
        let strike = move |servers: &Servers| {
            let watched = servers.watched()?;
            let primary = primary(watched)?;
            let struck = match manner {
                Manner::Replica => replicas(watched, primary.port()).next(),
                Manner::Sentinel(number) => watched.sentinels().get(number),
                _ => Some(primary),
            };
            let struck = struck.context("there is no such server")?;
            match manner {
                Manner::Stopped(_) => struck.pause()?,
                _ => struck.kill()?,
            }
            Ok(struck.port())
        };
        self.port = field.on_servers(strike).await?;
        Ok(Effect::since(began))
    }

    async fn heal(&mut self, field: &Field) -> Result<()> {
        let (manner, port) = (self.manner, self.port);
        let mend = move |servers: &Servers| {
            let watched = servers.watched()?;
            let mut all = watched.servers().iter().chain(watched.sentinels());
            let struck = all.find(|server| server.port() == port);
            let struck = struck.context("the server is none of these")?;
            if let Manner::Killed | Manner::Losing(_) = manner {
                until_promoted(LOOKS, || {
                    let primary = watched.primary();
                    primary.is_some_and(|primary| primary.port() != port)
                })?;
            }
            match manner {
                Manner::Stopped(_) => struck.resume()?,
                _ => struck.restart()?,
            }
            if let Manner::Losing(_) = manner {
                for replica in replicas(watched, port) {
                    replica.join_again()?;
                }
            }
            Ok(watched.until_agreed()?)
        };
        field.on_servers(mend).await
    }
}

fn primary(watched: &Watched) -> Result<&Server> {
    watched.primary().context("the sentinels know no primary")
}

/// All servers but the one with this port.
fn replicas(watched: &Watched, primary: u16) -> impl Iterator<Item = &Server> {
    let servers = watched.servers().iter();
    servers.filter(move |server| server.port() != primary)
}
