//! Looks at a partition from outside: without an instance, and without a fence, so that looking
//! changes nothing.

mod instances;
mod log;
mod namespace;
mod record;
mod rights;
mod server;

use std::sync::Arc;
use std::time::Duration;

use ::redis::{Cmd, ErrorKind, FromRedisValue, Pipeline, RedisError, RedisResult, ServerErrorKind};

pub(crate) use self::log::Watch;
pub(crate) use self::rights::rules;
use super::connection::{Mistrust, Session, Target};
use super::keyspace::Keyspace;
use super::refusal;
use super::route::RedisRoute;
use crate::config::Config;
use crate::core::Partition;
use crate::local::Local;
use crate::operate::Trouble;
use crate::partitions::PartitionId;
use crate::protect::Route;
use crate::tiers::Memory;

/// People wait longer than a cache may.
const PATIENCE: Duration = Duration::from_secs(3);

/// One partition, and a connection that is never fenced.
pub(crate) struct Outside {
    route: Arc<RedisRoute>,
    session: Session,
    /// Which of the servers this is.
    server: usize,
    endpoint: String,
    patience: Duration,
}

impl Outside {
    /// Connects to the first primary among the servers, or else to the first that answers.
    pub(crate) async fn connect(config: &Config, id: PartitionId) -> Result<Self, Trouble> {
        let route = Arc::new(RedisRoute::new(
            Target::new(config)?,
            Keyspace::new(config, id),
            nobody(config, id),
        ));
        let patience = PATIENCE.max(config.redis.effective_command_timeout());
        let (mut second_best, mut last) = (None, Trouble::NoServer);
        for (server, each) in route.target.servers.iter().enumerate() {
            let endpoint = each.to_string();
            let attempt = tokio::time::timeout(patience, route.connect(each)).await;
            let session = match attempt {
                Ok(Ok(session)) => session,
                Ok(Err(error)) => {
                    last = trouble(&endpoint, "the connection", error);
                    continue;
                }
                Err(_) => {
                    let after = patience;
                    last = Trouble::Silent { endpoint, after };
                    continue;
                }
            };
            let outside = Self {
                route: route.clone(),
                session,
                server,
                endpoint,
                patience,
            };
            match outside.is_primary().await {
                Ok(true) => return Ok(outside),
                Ok(false) => second_best = second_best.or(Some(outside)),
                Err(trouble) => last = trouble,
            }
        }
        second_best.ok_or(last)
    }

    pub(crate) fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// Which partition this is.
    pub(crate) fn id(&self) -> PartitionId {
        self.route.local().id
    }

    fn keyspace(&self) -> &Keyspace {
        &self.route.keyspace
    }

    /// Whoever may not ask for the role is told that it is no primary; the rights say the rest.
    async fn is_primary(&self) -> Result<bool, Trouble> {
        match self
            .ask::<String>(::redis::cmd("INFO").arg("replication"))
            .await
        {
            Ok(info) => Ok(info.contains("role:master")),
            Err(Trouble::Refused { .. }) => Ok(false),
            Err(trouble) => Err(trouble),
        }
    }

    async fn ask<T: FromRedisValue>(&self, command: &Cmd) -> Result<T, Trouble> {
        let asked = name_of(command);
        let mut connection = self.session.commands();
        self.patiently(&asked, command.query_async(&mut connection))
            .await
    }

    async fn ask_all<T: FromRedisValue + Send>(&self, pipeline: &Pipeline) -> Result<T, Trouble> {
        let names: Vec<_> = pipeline.cmd_iter().map(name_of).collect();
        let mut connection = self.session.commands();
        self.patiently(&names.join(", "), pipeline.query_async(&mut connection))
            .await
    }

    async fn patiently<T>(
        &self,
        asked: &str,
        work: impl Future<Output = RedisResult<T>>,
    ) -> Result<T, Trouble> {
        match tokio::time::timeout(self.patience, work).await {
            Ok(answer) => answer.map_err(|error| trouble(&self.endpoint, asked, error)),
            Err(_) => Err(Trouble::Silent {
                endpoint: self.endpoint.clone(),
                after: self.patience,
            }),
        }
    }
}

/// What somebody knows who has seen nothing. Nobody's fence will tell it to a server.
fn nobody(config: &Config, id: PartitionId) -> Arc<Local> {
    let partition = Partition::new(config.limits(), Duration::ZERO);
    let mut memory = config.memory.clone();
    memory.enabled = false;
    Arc::new(Local::new(id, partition, Arc::new(Memory::new(&memory))))
}

fn name_of(command: &Cmd) -> String {
    match command.args_iter().next() {
        Some(::redis::Arg::Simple(name)) => String::from_utf8_lossy(name).into_owned(),
        _ => String::new(),
    }
}

fn trouble(endpoint: &str, asked: &str, error: RedisError) -> Trouble {
    let endpoint = endpoint.to_owned();
    let denied = matches!(error.kind(), ErrorKind::Server(ServerErrorKind::NoPerm));
    let is_mistrust = Mistrust::of(&error).is_some();
    if refusal::is_of_login(&error) && !denied && !is_mistrust {
        let source = error.into();
        return Trouble::Login { endpoint, source };
    }
    if error.is_io_error() || error.is_connection_dropped() || error.is_unrecoverable_error() {
        let source = error.into();
        return Trouble::Unreachable { endpoint, source };
    }
    Trouble::Refused {
        endpoint,
        asked: asked.to_owned(),
        source: error.into(),
    }
}
