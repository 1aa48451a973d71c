//! A node ends, stops, or hands over.

use std::time::Duration;

use anyhow::{Context as _, Result};
use async_trait::async_trait;
use testbed::{Cluster, Server};
use tokio::time::sleep;

use crate::{
    clock,
    fault::{Draw, Effect, Expectation, Fault, Whom, until_promoted},
    field::Field,
    servers::Servers,
};

/// How long a promotion may take, in looks: a vote may elect nobody, and is repeated.
const LOOKS: u32 = 6000;

/// What happens.
#[derive(Copy, Clone, PartialEq, Eq)]
enum Manner {
    /// The owner of the slot is killed, and comes back when its replica has taken its place.
    Killed,
    /// The same, so long after the replica was cut off: acknowledged removals are lost.
    Losing(Duration),
    /// Its replica takes its place in good order.
    HandingOver,
    /// It is killed, and is back with nothing before its replica takes its place.
    Restarting,
    /// Another primary is, which may keep the cluster from serving any slot.
    AnotherRestarting,
    /// It is stopped for a moment, in which nobody takes its place.
    Stopped(Duration),
}

/// One of these.
pub(super) struct Node {
    manner: Manner,
    /// The port of the node.
    struck: u16,
}

impl Node {
    pub(super) fn killed(_: &mut Draw<'_>) -> Self {
        Self::new(Manner::Killed)
    }

    pub(super) fn losing(draw: &mut Draw<'_>) -> Self {
        Self::new(Manner::Losing(draw.millis(20..=400)))
    }

    pub(super) fn handing_over(_: &mut Draw<'_>) -> Self {
        Self::new(Manner::HandingOver)
    }

    pub(super) fn restarting(_: &mut Draw<'_>) -> Self {
        Self::new(Manner::Restarting)
    }

    pub(super) fn another_restarting(_: &mut Draw<'_>) -> Self {
        Self::new(Manner::AnotherRestarting)
    }

    pub(super) fn stopped(draw: &mut Draw<'_>) -> Self {
        Self::new(Manner::Stopped(draw.millis(10..=120)))
    }

    fn new(manner: Manner) -> Self {
        Self { manner, struck: 0 }
    }
}

#[async_trait]
impl Fault for Node {
    fn expects(&self) -> Expectation {
        match self.manner {
            Manner::Killed | Manner::Losing(_) | Manner::HandingOver | Manner::Restarting => {
                Expectation::Loss(Whom::All)
            }
            Manner::AnotherRestarting | Manner::Stopped(_) => Expectation::Nothing,
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
                let (cluster, slot) = servers.cluster()?;
                let owner = owner(cluster, slot)?;
                Ok(owner.part_from(replica(cluster, owner)?)?)
            };
            field.on_servers(part).await?;
            sleep(lag).await;
        }
        let began = clock::now();
        let strike = move |servers: &Servers| {
            let (cluster, slot) = servers.cluster()?;
            let owner = owner(cluster, slot)?;
            let struck = match manner {
                Manner::AnotherRestarting => another(cluster, owner)?,
                _ => owner,
            };
            match manner {
                Manner::Killed
                | Manner::Losing(_)
                | Manner::Restarting
                | Manner::AnotherRestarting => struck.kill()?,
                Manner::HandingOver => {
                    cluster.promote(replica(cluster, owner)?)?;
                }
                Manner::Stopped(_) => struck.pause()?,
            }
            Ok(struck.port())
        };
        self.struck = field.on_servers(strike).await?;
        Ok(Effect::since(began))
    }

    async fn heal(&mut self, field: &Field) -> Result<()> {
        let (manner, port) = (self.manner, self.struck);
        let mend = move |servers: &Servers| {
            let (cluster, slot) = servers.cluster()?;
            let mut nodes = cluster.nodes().iter();
            let struck = nodes.find(|node| node.port() == port);
            let struck = struck.context("the node is none of the cluster's")?;
            match manner {
                Manner::Killed | Manner::Losing(_) => {
                    until_promoted(LOOKS, || {
                        let owner = cluster.owner(slot);
                        owner.is_some_and(|owner| owner.port() != port)
                    })?;
                    struck.restart()?;
                }
                Manner::Restarting | Manner::AnotherRestarting => struck.restart()?,
                Manner::HandingOver => {}
                Manner::Stopped(_) => struck.resume()?,
            }
            if let Manner::Losing(_) = manner {
                // It is the primary by now, and will be a replica again one day.
                owner(cluster, slot)?.join_again()?;
            }
            Ok(cluster.until_agreed()?)
        };
        field.on_servers(mend).await
    }
}

pub(super) fn owner(cluster: &Cluster, slot: u16) -> Result<&Server> {
    cluster.owner(slot).context("nobody owns the slot")
}

/// A primary beside the owner of the slot.
pub(super) fn another<'a>(cluster: &'a Cluster, owner: &Server) -> Result<&'a Server> {
    let mut primaries = cluster.primaries().into_iter();
    let another = primaries.find(|node| node.port() != owner.port());
    another.context("there is no other primary")
}

fn replica<'a>(cluster: &'a Cluster, primary: &Server) -> Result<&'a Server> {
    let replicas = cluster.replicas_of(primary);
    replicas.first().copied().context("it has no replica")
}
