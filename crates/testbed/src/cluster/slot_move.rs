//! A slot on its way from one primary to another, step by step.

use redis::Value;

use super::Cluster;
use crate::{Error, Result, Server};

/// Keys that are moved with one command.
const AT_ONCE: &str = "100";

/// A server that takes keys for longer than this, in milliseconds, is gone.
const PATIENCE: &str = "5000";

/// A slot that is being moved, made by [`Cluster::begin_move`]. Nothing happens when it is dropped: the
/// slot stays between its two owners.
#[derive(Debug)]
pub struct SlotMove<'a> {
    cluster: &'a Cluster,
    slot: String,
    from: &'a Server,
    to: &'a Server,
}

impl<'a> SlotMove<'a> {
    pub(super) fn begin(
        cluster: &'a Cluster,
        slot: u16,
        from: &'a Server,
        to: &'a Server,
    ) -> Result<Self> {
        let slot = slot.to_string();
        let (giver, taker) = (from.node_id()?, to.node_id()?);
        to.command(["CLUSTER", "SETSLOT", &slot, "IMPORTING", &giver])?;
        from.command(["CLUSTER", "SETSLOT", &slot, "MIGRATING", &taker])?;
        Ok(Self {
            cluster,
            slot,
            from,
            to,
        })
    }

    /// The primary that still owns the slot.
    #[must_use]
    pub fn from(&self) -> &'a Server {
        self.from
    }

    /// The primary that will own it.
    #[must_use]
    pub fn to(&self) -> &'a Server {
        self.to
    }

    /// Moves these keys, as far as they exist.
    ///
    /// # Errors
    ///
    /// As [`Server::command`].
    pub fn keys<K: AsRef<str>>(&self, keys: impl IntoIterator<Item = K>) -> Result<()> {
        let keys: Vec<_> = keys.into_iter().collect();
        let port = self.to.port().to_string();
        let mut words = vec![
            "MIGRATE",
            "127.0.0.1",
            &port,
            "",
            "0",
            PATIENCE,
            "REPLACE",
            "KEYS",
        ];
        words.extend(keys.iter().map(AsRef::as_ref));
        self.from.command(words).map(drop)
    }

    /// Keys that have not been moved, at most a hundred of them.
    ///
    /// # Errors
    ///
    /// As [`Server::command`].
    pub fn left(&self) -> Result<Vec<String>> {
        let asking = ["CLUSTER", "GETKEYSINSLOT", &self.slot, AT_ONCE];
        let left = self.from.command(asking)?;
        Ok(redis::from_redis_value(left).unwrap_or_default())
    }

    /// Moves all keys that are left.
    ///
    /// # Errors
    ///
    /// As [`Server::command`].
    pub fn all_keys(&self) -> Result<()> {
        loop {
            let left = self.left()?;
            if left.is_empty() {
                return Ok(());
            }
            self.keys(&left)?;
        }
    }

    /// Makes the other primary the owner, after all keys were moved. Whoever does not answer is told
    /// by the others.
    ///
    /// # Errors
    ///
    /// As [`Server::command`]; also when keys are left.
    pub fn finish(self) -> Result<()> {
        let taker = self.to.node_id()?;
        let give = |node: &Server| -> Result<Value, Error> {
            node.command(["CLUSTER", "SETSLOT", &self.slot, "NODE", &taker])
        };
        // The other way round there would be a moment in which nobody owns it.
        give(self.to)?;
        give(self.from)?;
        let involved = [self.to.port(), self.from.port()];
        for other in self.cluster.primaries() {
            if !involved.contains(&other.port()) {
                let _ = give(other);
            }
        }
        Ok(())
    }
}
