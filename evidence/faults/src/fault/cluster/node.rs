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
    servers::{Partition, Servers},
};

/// How long a promotion may take, in looks: a vote may elect nobody, and is repeated.
const LOOKS: u32 = 6000;

/// What happens.
#[derive(Copy, Clone, PartialEq, Eq)]
enum Manner {
    /// The owner of the partition's slot is killed, and comes back when its replica has taken its place.
    Killed,
    /// The same, so long after the replica was cut off: acknowledged removals are lost.
    Losing(Duration),
    /// Its replica takes its place in good order.
    HandingOver,
    /// It is killed, and is back with nothing before its replica takes its place.
    Restarting,
    /// Another primary does, which may keep the cluster from serving any slot.
    AnotherRestarting,
    /// It is stopped for a moment, in which nobody takes its place.
    Stopped(Duration),
}

/// One of these.
pub(super) struct Node {
    manner: Manner,
    /// Whose owner, or not, it is about.
    partition: usize,
    /// The partitions of the node that is struck, from then on.
    lost: Vec<usize>,
    /// The port of the node.
    struck: u16,
}

impl Node {
    pub(super) fn killed(draw: &mut Draw<'_>) -> Self {
        Self::new(draw, Manner::Killed)
    }

    pub(super) fn losing(draw: &mut Draw<'_>) -> Self {
        let manner = Manner::Losing(draw.millis(20..=400));
        Self::new(draw, manner)
    }

    pub(super) fn handing_over(draw: &mut Draw<'_>) -> Self {
        Self::new(draw, Manner::HandingOver)
    }

    pub(super) fn restarting(draw: &mut Draw<'_>) -> Self {
        Self::new(draw, Manner::Restarting)
    }

    pub(super) fn another_restarting(draw: &mut Draw<'_>) -> Self {
        Self::new(draw, Manner::AnotherRestarting)
    }

    pub(super) fn stopped(draw: &mut Draw<'_>) -> Self {
        let manner = Manner::Stopped(draw.millis(10..=120));
        Self::new(draw, manner)
    }

    fn new(draw: &mut Draw<'_>, manner: Manner) -> Self {
        Self {
            manner,
            partition: draw.partition(),
            lost: Vec::new(),
            struck: 0,
        }
    }
}

#[async_trait]
impl Fault for Node {
    fn expects(&self) -> Expectation {
        match self.lost[..] {
            [] => Expectation::Nothing,
            _ => Expectation::Loss(Whom::All),
        }
    }

    fn partitions(&self) -> &[usize] {
        &self.lost
    }

    fn detail(&self) -> String {
        named(&self.lost)
    }

    fn hold(&self) -> Duration {
        match self.manner {
            Manner::Stopped(time) => time,
            _ => Duration::ZERO,
        }
    }

    async fn inject(&mut self, field: &Field) -> Result<Effect> {
        let (manner, number) = (self.manner, self.partition);
        if let Manner::Losing(lag) = manner {
            let part = move |servers: &Servers| {
                let (cluster, partition) = servers.partition(number)?;
                let owner = owner(cluster, partition.slot)?;
                Ok(owner.part_from(replica(cluster, owner)?)?)
            };
            field.on_servers(part).await?;
            sleep(lag).await;
        }
        let began = clock::now();
        let strike = move |servers: &Servers| {
            let (cluster, partition) = servers.partition(number)?;
            let owner = owner(cluster, partition.slot)?;
            let struck = match manner {
                Manner::AnotherRestarting => another(cluster, owner)?,
                _ => owner,
            };
            let lost = match manner {
                Manner::Stopped(_) => Vec::new(),
                _ => carried(servers, struck)?,
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
            Ok((struck.port(), lost))
        };
        (self.struck, self.lost) = field.on_servers(strike).await?;
        Ok(Effect::since(began))
    }

    async fn heal(&mut self, field: &Field) -> Result<()> {
        let (manner, number, port) = (self.manner, self.partition, self.struck);
        let mend = move |servers: &Servers| {
            let (cluster, &Partition { slot, .. }) = servers.partition(number)?;
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

/// The numbers of the partitions whose slots a node owns.
fn carried(servers: &Servers, node: &Server) -> Result<Vec<usize>> {
    let (cluster, partitions) = servers.cluster()?;
    let owned = partitions.iter().enumerate().filter(|(_, partition)| {
        let owner = cluster.owner(partition.slot);
        owner.is_some_and(|owner| owner.port() == node.port())
    });
    Ok(owned.map(|(number, _)| number).collect())
}

/// The primary, beside the owner of a slot, that carries the fewest partitions: so they stay spread when
/// slots move.
pub(super) fn emptiest<'a>(servers: &'a Servers, owner: &Server) -> Result<&'a Server> {
    let (cluster, _) = servers.cluster()?;
    let mut found: Option<(usize, &Server)> = None;
    for primary in cluster.primaries() {
        if primary.port() == owner.port() {
            continue;
        }
        let carried = carried(servers, primary)?.len();
        if found.is_none_or(|(least, _)| carried < least) {
            found = Some((carried, primary));
        }
    }
    let (_, emptiest) = found.context("there is no other primary")?;
    Ok(emptiest)
}

/// Partitions, as a detail of a fault.
pub(super) fn named(partitions: &[usize]) -> String {
    match partitions {
        [] => String::new(),
        [one] => format!(" (partition {one})"),
        several => format!(" (partitions {several:?})"),
    }
}

pub(super) fn owner(cluster: &Cluster, slot: u16) -> Result<&Server> {
    cluster.owner(slot).context("nobody owns the slot")
}

/// A primary beside the owner of the slot.
fn another<'a>(cluster: &'a Cluster, owner: &Server) -> Result<&'a Server> {
    let mut primaries = cluster.primaries().into_iter();
    let another = primaries.find(|node| node.port() != owner.port());
    another.context("there is no other primary")
}

fn replica<'a>(cluster: &'a Cluster, primary: &Server) -> Result<&'a Server> {
    let replicas = cluster.replicas_of(primary);
    replicas.first().copied().context("it has no replica")
}
