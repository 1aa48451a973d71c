//! The fence: the first thing on every connection, and the probe ever after.

use std::sync::Arc;

use redis::aio::MultiplexedConnection;
use redis::{RedisResult, Value};

use super::keyspace::Keyspace;
use super::{reply, scripts};
use crate::core::Fenced;
use crate::local::Local;
use crate::tiers::record::millis;

/// Fences connections of one partition.
pub(super) struct Fence {
    keyspace: Keyspace,
    pub(super) local: Arc<Local>,
}

impl Fence {
    pub(super) fn new(keyspace: &Keyspace, local: Arc<Local>) -> Self {
        Self {
            keyspace: keyspace.clone(),
            local,
        }
    }

    /// Fences a connection with what this instance knows, and says what the server answered.
    pub(super) async fn ask(&self, connection: &mut MultiplexedConnection) -> RedisResult<Fenced> {
        let (history, longest_ttl) = self
            .local
            .with(|partition, _| (partition.history(), partition.longest_ttl()));
        let mut script = scripts::FENCE.prepare_invoke();
        script.key(&self.keyspace.meta).key(&self.keyspace.log);
        script
            .arg(history.epoch)
            .arg(reply::nonce_text(history.nonce));
        script.arg(reply::nonce_text(random()?));
        script.arg(millis(longest_ttl));
        script
            .arg(&self.keyspace.channel)
            .arg(self.keyspace.max_log_length);
        let answer: Value = script.invoke_async(connection).await?;
        reply::fenced(&answer)
    }

    /// Fences a connection until its answer is of the history this instance knows, or of a newer
    /// one. An instance that learns of a newer epoch meanwhile makes a second turn necessary.
    pub(super) async fn pass(&self, connection: &mut MultiplexedConnection) -> RedisResult<Fenced> {
        loop {
            let fenced = self.ask(connection).await?;
            if self.local.adopt(fenced) {
                return Ok(fenced);
            }
        }
    }
}

fn random() -> RedisResult<u64> {
    getrandom::u64().map_err(|error| std::io::Error::other(error.to_string()).into())
}
