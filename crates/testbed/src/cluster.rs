//! A cluster of its own.

mod node;
mod slot_move;

use std::time::{Duration, Instant};

use crate::agreement::{says, wait};
use crate::{Error, Result, Server, ServerBuilder};
use node::View;
pub use slot_move::SlotMove;

/// Each has one replica, or none has.
const PRIMARIES: usize = 3;

const SLOTS: usize = 16_384;

/// When a node that was told to take its primary's place has given up, because others were too slow.
const HANDED_OVER_WITHIN: Duration = Duration::from_secs(6);

/// A Redis or Valkey cluster on 127.0.0.1: three primaries, each with a third of the slots and one
/// replica. A replica takes its primary's place two or three seconds after that was killed.
///
/// ```no_run
/// # fn example() -> Result<(), testbed::Error> {
/// use testbed::Cluster;
///
/// let cluster = Cluster::start()?;
/// let slot = cluster.slot_of("{tag}:key")?;
/// let owner = cluster.owner(slot).expect("somebody owns each slot");
/// let another = cluster.primaries().into_iter().find(|node| node.port() != owner.port());
/// let on_its_way = cluster.begin_move(slot, another.expect("there are three"))?;
/// on_its_way.keys(["{tag}:key"])?;
/// on_its_way.finish()?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Cluster {
    nodes: Vec<Server>,
}

impl Cluster {
    /// Starts a cluster with the defaults of [`Server::builder`], and returns when all of its nodes
    /// agree who owns what, and serve it.
    ///
    /// # Errors
    ///
    /// As [`ServerBuilder::start`], and [`Error::NoAgreement`] when the nodes do not agree.
    pub fn start() -> Result<Self> {
        Self::of(&Server::builder())
    }

    /// Starts a cluster whose nodes are all like this.
    ///
    /// # Errors
    ///
    /// As [`Cluster::start`].
    pub fn of(node: &ServerBuilder) -> Result<Self> {
        Self::start_all(node, PRIMARIES * 2)
    }

    /// Starts a cluster of three primaries like this and no replicas, for measurements: nobody takes the
    /// place of one that is lost.
    ///
    /// # Errors
    ///
    /// As [`Cluster::start`].
    pub fn without_replicas(node: &ServerBuilder) -> Result<Self> {
        Self::start_all(node, PRIMARIES)
    }

    fn start_all(node: &ServerBuilder, count: usize) -> Result<Self> {
        let node = node.clone().node();
        let nodes = (0..count).map(|_| node.start());
        let cluster = Self {
            nodes: nodes.collect::<Result<_>>()?,
        };
        cluster.introduce()?;
        cluster.share_out()?;
        cluster.until_agreed()?;
        Ok(cluster)
    }

    /// All nodes, those that do not run included. The first three were made primaries, and each of the
    /// other three, if there are any, the replica of one of them.
    #[must_use]
    pub fn nodes(&self) -> &[Server] {
        &self.nodes
    }

    /// The slot of a key.
    ///
    /// # Errors
    ///
    /// As [`Server::command`].
    pub fn slot_of(&self, key: &str) -> Result<u16> {
        let mut running = self.nodes.iter().filter(|node| node.pid().is_some());
        let node = running.next().unwrap_or(&self.nodes[0]);
        let slot = node.command(["CLUSTER", "KEYSLOT", key])?;
        Ok(redis::from_redis_value(slot).unwrap_or_default())
    }

    /// The primary that owns a slot. `None` while nobody does who runs: where two say so, because one
    /// has not heard of the other, it is the one that began later.
    #[must_use]
    pub fn owner(&self, slot: u16) -> Option<&Server> {
        let seen = self
            .nodes
            .iter()
            .filter_map(|node| Some((View::of(node)?, node)));
        let owners = seen.filter(|(view, _)| view.is_primary() && view.has(slot));
        owners
            .max_by_key(|(view, _)| view.epoch())
            .map(|(_, node)| node)
    }

    /// The nodes that run and say that they are primaries.
    #[must_use]
    pub fn primaries(&self) -> Vec<&Server> {
        let is_primary = |node: &&Server| View::of(node).is_some_and(|view| view.is_primary());
        self.nodes.iter().filter(is_primary).collect()
    }

    /// The nodes that run and follow this one.
    #[must_use]
    pub fn replicas_of(&self, primary: &Server) -> Vec<&Server> {
        let Some(followed) = View::of(primary) else {
            return vec![];
        };
        let follows =
            |node: &&Server| View::of(node).is_some_and(|view| view.follows(followed.id()));
        self.nodes.iter().filter(follows).collect()
    }

    /// Waits until all nodes that run agree who owns what, serve it, and every replica has a copy.
    ///
    /// # Errors
    ///
    /// [`Error::NoAgreement`] with what they disagree about.
    pub fn until_agreed(&self) -> Result<()> {
        wait(|| self.disagreement())
    }

    /// Has a replica take its primary's place in good order, and waits until it has.
    ///
    /// # Errors
    ///
    /// [`Error::NoAgreement`] when it has not.
    pub fn promote(&self, replica: &Server) -> Result<()> {
        let mut asked: Option<Instant> = None;
        wait(|| {
            if View::of(replica).is_some_and(|view| view.is_primary()) {
                return None;
            }
            if asked.is_none_or(|at| at.elapsed() > HANDED_OVER_WITHIN) {
                asked = Some(Instant::now());
                // What it answers does not tell what will become of it.
                let _ = replica.command(["CLUSTER", "FAILOVER"]);
            }
            Some(format!("{replica:?} has not taken its primary's place"))
        })
    }

    /// Begins to move a slot to another primary: from now on its owner answers only for the keys that
    /// are still there.
    ///
    /// # Errors
    ///
    /// As [`Server::command`], and [`Error::NoAgreement`] when nobody owns the slot.
    pub fn begin_move<'a>(&'a self, slot: u16, to: &'a Server) -> Result<SlotMove<'a>> {
        let from = self.owner(slot).ok_or_else(|| Error::NoAgreement {
            after: Duration::ZERO,
            awaited: format!("nobody owns slot {slot}"),
        })?;
        SlotMove::begin(self, slot, from, to)
    }

    /// Moves a slot with everything in it to another primary.
    ///
    /// # Errors
    ///
    /// As [`Cluster::begin_move`].
    pub fn move_slot(&self, slot: u16, to: &Server) -> Result<()> {
        let on_its_way = self.begin_move(slot, to)?;
        on_its_way.all_keys()?;
        on_its_way.finish()
    }

    /// Makes the nodes known to each other.
    fn introduce(&self) -> Result<()> {
        for (number, node) in self.nodes.iter().enumerate() {
            // Without epochs of their own they would have to find out who goes first.
            let epoch = (number + 1).to_string();
            node.command(["CLUSTER", "SET-CONFIG-EPOCH", &epoch])?;
            for other in &self.nodes[..number] {
                let bus = other.bus_port().unwrap_or_default().to_string();
                let port = other.port().to_string();
                node.command(["CLUSTER", "MEET", "127.0.0.1", &port, &bus])?;
            }
        }
        wait(|| {
            let missing = self.nodes.iter().find(|node| {
                let known = View::of(node).map_or(0, |view| view.connected());
                known < self.nodes.len()
            });
            missing.map(|node| format!("{node:?} does not know all others"))
        })
    }

    /// Gives each primary its slots and its replica.
    fn share_out(&self) -> Result<()> {
        let (primaries, replicas) = self.nodes.split_at(PRIMARIES);
        for (number, primary) in primaries.iter().enumerate() {
            let first = SLOTS * number / PRIMARIES;
            let last = SLOTS * (number + 1) / PRIMARIES - 1;
            let (first, last) = (first.to_string(), last.to_string());
            primary.command(["CLUSTER", "ADDSLOTSRANGE", &first, &last])?;
        }
        for (primary, replica) in primaries.iter().zip(replicas) {
            replica.command(["CLUSTER", "REPLICATE", &primary.node_id()?])?;
        }
        Ok(())
    }

    fn disagreement(&self) -> Option<String> {
        let mut agreed: Option<Vec<_>> = None;
        for node in self.nodes.iter().filter(|node| node.pid().is_some()) {
            let Some(view) = View::of(node) else {
                return Some(format!("{node:?} does not answer"));
            };
            if !says(node, "cluster_state:ok", &["CLUSTER", "INFO"]) {
                return Some(format!("{node:?} does not serve its slots"));
            }
            let is_linked = || says(node, "master_link_status:up", &["INFO", "replication"]);
            if !view.is_primary() && !is_linked() {
                return Some(format!("{node:?} does not follow its primary"));
            }
            let owners = view.owners();
            if *agreed.get_or_insert_with(|| owners.clone()) != owners {
                return Some(format!("{node:?} sees other owners: {owners:?}"));
            }
        }
        None
    }
}
