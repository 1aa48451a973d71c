//! The servers on which the instances keep their things.

use std::sync::Arc;

use anyhow::{Context as _, Result, bail};
use parking_lot::Mutex;
use testbed::{Cluster, Proxy, Server, ServerBuilder, Watched};

use crate::{field::text, options::Topology, settings::metas_and_logs};

/// As many as the topology has.
pub(crate) enum Servers {
    /// One, which others may take the place of.
    Single(Mutex<Arc<Server>>),
    /// Some of which sentinels know the primary.
    Watched(Box<Watched>),
    /// Many, each with its part of these.
    Cluster(Cluster, Vec<Partition>),
}

/// What instances keep on a cluster under one hash tag.
pub(crate) struct Partition {
    pub(crate) slot: u16,
    pub(crate) meta: String,
    pub(crate) log: String,
}

impl Servers {
    /// Starts servers that are like this.
    pub(crate) fn start(
        topology: Topology,
        partitions: u32,
        server: &ServerBuilder,
    ) -> Result<Self> {
        Ok(match topology {
            Topology::Single => Self::Single(Mutex::new(Arc::new(server.start()?))),
            Topology::Sentinel => Self::Watched(Box::new(Watched::of(server)?)),
            Topology::Cluster => {
                let cluster = Cluster::of(server)?;
                let partition = |(meta, log): (String, String)| {
                    let slot = cluster.slot_of(&meta)?;
                    anyhow::Ok(Partition { slot, meta, log })
                };
                let names = metas_and_logs(partitions).into_iter();
                let partitions = names.map(partition).collect::<Result<_>>()?;
                Self::Cluster(cluster, partitions)
            }
        })
    }

    /// What the report says of them.
    pub(crate) fn described(&self) -> String {
        let program = |server: &Server| format!("{} {}", server.kind(), server.version());
        let first = |servers: &[Server]| servers.first().map(program).unwrap_or_default();
        match self {
            Self::Single(server) => program(&server.lock()),
            Self::Watched(watched) => format!("{}, with sentinels", first(watched.servers())),
            Self::Cluster(cluster, _) => format!("{}, a cluster", first(cluster.nodes())),
        }
    }

    /// The one that there is, where there is one.
    pub(crate) fn single(&self) -> Result<&Mutex<Arc<Server>>> {
        match self {
            Self::Single(server) => Ok(server),
            Self::Watched(_) | Self::Cluster(..) => bail!("these are several servers"),
        }
    }

    pub(crate) fn watched(&self) -> Result<&Watched> {
        match self {
            Self::Watched(watched) => Ok(watched),
            Self::Single(_) | Self::Cluster(..) => bail!("there are no sentinels"),
        }
    }

    /// The cluster, and what it carries.
    pub(crate) fn cluster(&self) -> Result<(&Cluster, &[Partition])> {
        match self {
            Self::Cluster(cluster, partitions) => Ok((cluster, partitions)),
            Self::Single(_) | Self::Watched(_) => bail!("there is no cluster"),
        }
    }

    /// The cluster, and one of what it carries.
    pub(crate) fn partition(&self, number: usize) -> Result<(&Cluster, &Partition)> {
        let (cluster, partitions) = self.cluster()?;
        let partition = partitions
            .get(number)
            .context("there are fewer partitions")?;
        Ok((cluster, partition))
    }

    /// A proxy for an instance to come, and the address by which it reaches the servers. Sentinels and
    /// nodes of a cluster point past any proxy: there it leads nowhere that matters.
    pub(crate) async fn way(&self) -> Result<(Proxy, String)> {
        let (asked, service) = match self {
            Self::Single(server) => {
                let to = server.lock().addr();
                let proxy = Proxy::start(to).await?;
                let address = proxy.url();
                return Ok((proxy, address));
            }
            Self::Watched(watched) => {
                let service = format!(",serviceName={}", watched.service());
                (watched.sentinels(), service)
            }
            Self::Cluster(cluster, _) => (cluster.nodes(), String::new()),
        };
        let first = asked.first().context("nobody is there to be asked")?;
        let named: Vec<_> = asked.iter().map(|one| one.addr().to_string()).collect();
        let proxy = Proxy::start(first.addr()).await?;
        Ok((proxy, named.join(",") + &service))
    }

    /// Connections of the instances of these names, and, of one server, of everybody.
    pub(crate) fn connections(&self, names: &[String]) -> Result<u64> {
        let servers = match self {
            Self::Single(server) => return everybody(&server.lock()),
            Self::Watched(watched) => watched.servers(),
            Self::Cluster(cluster, _) => cluster.nodes(),
        };
        let mut connections = 0;
        for server in servers {
            let list = server.command(["CLIENT", "LIST"])?;
            let list = text(&list).context("CLIENT LIST tells nothing")?;
            let is_theirs = |line: &&str| {
                let is = |name| line.contains(&format!(" name={name} "));
                names.iter().any(is)
            };
            connections += list.lines().filter(is_theirs).count() as u64;
        }
        Ok(connections)
    }
}

fn everybody(server: &Server) -> Result<u64> {
    let info = server.command(["INFO", "clients"])?;
    let info = text(&info).context("INFO clients tells nothing")?;
    let count = |line: &str| line.trim().strip_prefix("connected_clients:")?.parse().ok();
    let connections = info.lines().find_map(count);
    connections.context("INFO clients does not tell connected_clients")
}
