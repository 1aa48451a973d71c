//! The fence: the first thing on every connection, and the probe ever after.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{RedisResult, Value};

use super::keyspace::Keyspace;
use super::{reply, scripts};
use crate::config::Config;
use crate::core::Fenced;
use crate::local::Local;
use crate::tiers::record::millis;

/// Fences connections of one partition.
pub(super) struct Fence {
    keyspace: Keyspace,
    pub(super) local: Arc<Local>,
    /// The longest TTL that this instance needs, in milliseconds.
    longest_ttl: AtomicU64,
}

impl Fence {
    pub(super) fn new(config: &Config, keyspace: &Keyspace, local: Arc<Local>) -> Self {
        let longest_ttl = AtomicU64::new(millis(config.longest_ttl()));
        Self {
            keyspace: keyspace.clone(),
            local,
            longest_ttl,
        }
    }

    /// From now on a fence raises the namespace's longest TTL to at least this.
    pub(super) fn raise_longest_ttl(&self, ttl: Duration) {
        self.longest_ttl.fetch_max(millis(ttl), Ordering::Relaxed);
    }

    /// Fences a connection with what this instance knows, and says what the server answered.
    pub(super) async fn ask(&self, connection: &mut MultiplexedConnection) -> RedisResult<Fenced> {
        let history = self.local.history();
        let mut script = scripts::FENCE.prepare_invoke();
        script.key(&self.keyspace.meta).key(&self.keyspace.log);
        script
            .arg(history.epoch)
            .arg(reply::nonce_text(history.nonce));
        script.arg(reply::nonce_text(random()?));
        script.arg(self.longest_ttl.load(Ordering::Relaxed));
        script
            .arg(&self.keyspace.channel)
            .arg(self.keyspace.max_log_length);
        let answer: Value = script.invoke_async(connection).await?;
        let (fenced, longest_ttl) = reply::fenced(&answer)?;
        self.local
            .with(|partition, _| partition.raise_longest_ttl(longest_ttl));
        Ok(fenced)
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
