//! The way to the servers of one partition: connecting to one, and the fence, which is the first
//! thing on every connection and the probe ever after.

use std::sync::Arc;

use redis::{ErrorKind, RedisError, RedisResult, Value};

use super::call::Call;
use super::connection::{Server, Session, Target};
use super::keyspace::Keyspace;
use super::{refusal, reply, scripts};
use crate::core::Fenced;
use crate::local::Local;
use crate::protect::{Failure, Route};
use crate::random;
use crate::tiers::record::millis;
use crate::tiers::wire;

/// The servers of one partition.
pub(crate) struct RedisRoute {
    pub(super) target: Target,
    pub(super) keyspace: Keyspace,
    local: Arc<Local>,
}

impl RedisRoute {
    pub(super) fn new(target: Target, keyspace: Keyspace, local: Arc<Local>) -> Self {
        Self {
            target,
            keyspace,
            local,
        }
    }
}

impl Route for RedisRoute {
    type Server = Server;
    type Connection = Session;
    type Failure = RedisError;

    fn local(&self) -> &Local {
        &self.local
    }

    fn servers(&self) -> &[Server] {
        &self.target.servers
    }

    fn endpoint(&self, server: &Server) -> String {
        server.to_string()
    }

    async fn connect(&self, server: &Server) -> RedisResult<Session> {
        self.target.connect(server, &self.keyspace.meta).await
    }

    async fn fence(&self, session: &Session) -> RedisResult<Fenced> {
        let (ours, longest_ttl) = self
            .local
            .with(|partition, _| (partition.witness(), partition.longest_ttl()));
        let mut call = Call::new(&scripts::FENCE, 2);
        call.arg(&self.keyspace.meta).arg(&self.keyspace.log);
        scripts::tell(&mut call, &ours);
        call.arg(&self.keyspace.channel)
            .arg(&*wire::number(nonce()?))
            .arg(millis(longest_ttl))
            .arg(self.keyspace.max_log_length);
        let answer: Value = call.send(session.commands()).await?;
        reply::fenced(&answer, &ours)
    }
}

fn nonce() -> RedisResult<u64> {
    random::number().map_err(|error| std::io::Error::other(error.to_string()).into())
}

impl Failure for RedisError {
    fn too_late() -> Self {
        RedisError::from((ErrorKind::Io, "no answer in time"))
    }

    fn ends_line(&self) -> bool {
        refusal::ends_line(self)
    }

    fn is_unfenced(&self) -> bool {
        refusal::is_unfenced(self)
    }

    fn is_of_login(&self) -> bool {
        refusal::is_of_login(self)
    }
}
