//! Heartbeats on the server: small records that expire, and a list of whose there are.
//!
//! They take the line that carries commands, beside everything that decides about it: what becomes
//! of them opens no breaker and ends no line.

use std::time::Duration;

use ::redis::pipe;

use super::call::Call;
use super::{Redis, scripts};
use crate::protect::Supervised;
use crate::tiers::record::millis;
use crate::tiers::{Unavailable, in_time};

impl Redis {
    /// Says this of an instance, for as long as `life`.
    pub(crate) async fn beat(
        &self,
        origin: u64,
        said: &str,
        life: Duration,
    ) -> Result<(), Unavailable> {
        let line = self.link().line().ok_or(Unavailable::Down)?;
        let mut call = Call::new(&scripts::HEARTBEAT, 3);
        call.arg(&self.keyspace.meta)
            .arg(&self.keyspace.instances)
            .arg(self.keyspace.instance(origin));
        call.arg(origin_text(origin)).arg(millis(life)).arg(said);
        let sent = in_time(self.patience, call.send(line.connection.commands()));
        Ok(sent.await??)
    }

    /// Takes back what was said of an instance that is closed.
    pub(crate) async fn farewell(&self, origin: u64) -> Result<(), Unavailable> {
        let line = self.link().line().ok_or(Unavailable::Down)?;
        let mut both = pipe();
        both.cmd("UNLINK").arg(self.keyspace.instance(origin));
        both.cmd("ZREM")
            .arg(&self.keyspace.instances)
            .arg(origin_text(origin));
        let mut connection = line.connection.commands();
        let _: (i64, i64) = in_time(self.patience, both.query_async(&mut connection)).await??;
        Ok(())
    }
}

/// An instance's id as it is stored.
pub(super) fn origin_text(origin: u64) -> String {
    format!("{origin:016x}")
}
