//! Clusters: the way to the primary that owns the slot, and what becomes of the contract when that is
//! another one.

use testbed::{Cluster, Server, eventually};
use unstale::{Cache, Config};

use crate::bed::{
    Load, MAX_STALENESS, OF_SIX, PATIENCE, Transport, l1_hits, position, several,
    until_l1_is_of_use, until_proven,
};

mod commands;
mod counted;
mod failover;
mod migrating;
mod moved;
mod plain;
mod several;
mod watch;

/// A cluster, into how many partitions instances divide their keys there, and the slot of the first
/// one: of everything, where it is the only one.
struct Bed {
    cluster: Cluster,
    partitions: u32,
    slot: u16,
}

impl Bed {
    fn start() -> Self {
        Self::among(Cluster::start().unwrap())
    }

    fn among(cluster: Cluster) -> Self {
        let slot = cluster.slot_of(&key("meta")).unwrap();
        Self {
            cluster,
            partitions: 1,
            slot,
        }
    }

    /// Two partitions for each primary. Those of the others go on while one has no primary.
    fn in_six() -> Self {
        let node = Server::builder().arg("cluster-require-full-coverage", "no");
        let cluster = Cluster::of(&node).unwrap();
        let slot = cluster.slot_of(&format!("{}:meta", OF_SIX[0])).unwrap();
        Self {
            cluster,
            partitions: 6,
            slot,
        }
    }

    fn owner(&self) -> &Server {
        self.cluster.owner(self.slot).expect("somebody owns it")
    }

    /// A primary that does not own the slot.
    fn another(&self) -> &Server {
        let owner = self.owner().port();
        let mut primaries = self.cluster.primaries().into_iter();
        let another = primaries.find(|node| node.port() != owner);
        another.expect("there are three")
    }

    /// Settings of an instance to which all nodes are named.
    fn config(&self, transport: Transport) -> Config {
        let nodes = self.cluster.nodes().iter();
        let nodes: Vec<_> = nodes.map(|node| node.addr().to_string()).collect();
        let mut config = several(&nodes.join(","), transport);
        config.redis.partitions = Some(self.partitions);
        config.max_staleness = MAX_STALENESS;
        config
    }

    async fn instance(&self, name: &str, transport: Transport) -> Cache {
        self.instance_with(name, transport, |_| {}).await
    }

    async fn instance_with(
        &self,
        name: &str,
        transport: Transport,
        set: impl FnOnce(&mut Config),
    ) -> Cache {
        let mut config = self.config(transport);
        set(&mut config);
        let builder = Cache::builder().config(config);
        let cache = builder.instance_name(name).build().await.unwrap();
        until_proven(&cache, true).await;
        cache
    }

    async fn two(&self, transport: Transport) -> [Cache; 2] {
        [
            self.instance("one", transport).await,
            self.instance("other", transport).await,
        ]
    }
}

/// The name of what an instance keeps on the server.
fn key(name: &str) -> String {
    format!("{{{}:0}}:{name}", Config::default().redis.namespace())
}

/// The name of a record.
fn record(name: &str) -> String {
    key(&format!("k:{name}"))
}

/// The name of the Stream.
fn log() -> String {
    key(&Config::default().stream.stream_name)
}

/// Has something happen to the slot under load: afterwards the history is another one, everything is
/// in service again, and L1 is of use.
async fn survives(caches: &[Cache; 2], load: &Load, happens: impl AsyncFnOnce()) {
    load.until_applied(50).await;
    let before = caches.each_ref().map(position);
    happens().await;
    load.until_applied(50).await;
    for (cache, before) in caches.iter().zip(before) {
        until_proven(cache, true).await;
        eventually("the history is another one", PATIENCE, || async {
            let now = position(cache);
            (now.0 > before.0).then_some(()).ok_or(now)
        })
        .await;
    }
    let hits = caches.each_ref().map(l1_hits);
    until_l1_is_of_use(caches, hits).await;
}
