//! The connection that carries commands, supervised: it is in service only after the fence, and
//! is given up when it fails.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use parking_lot::RwLock;
use redis::aio::MultiplexedConnection;
use redis::{ErrorKind, FromRedisValue, Pipeline, RedisError, RedisResult, ScriptInvocation};
use tokio::sync::Notify;

use super::super::shared::Unavailable;
use super::connection::Target;
use super::fence::Fence;
use super::refusal;
use crate::config::Config;
use crate::core::Fenced;
use crate::error::Error;
use crate::protect::Breaker;

/// A fenced connection.
pub(crate) struct Line {
    connection: MultiplexedConnection,
    fence: Arc<Fence>,
    /// The epoch of its last fence.
    fenced_epoch: AtomicU64,
}

impl Line {
    pub(super) async fn query_all<T: FromRedisValue>(&self, pipeline: &Pipeline) -> RedisResult<T> {
        pipeline.query_async(&mut self.connection.clone()).await
    }

    pub(super) async fn invoke<T: FromRedisValue>(
        &self,
        script: &ScriptInvocation<'_>,
    ) -> RedisResult<T> {
        script.invoke_async(&mut self.connection.clone()).await
    }

    pub(super) async fn fence_again(&self) -> RedisResult<()> {
        let fenced = self.fence.pass(&mut self.connection.clone()).await?;
        self.fenced_epoch
            .fetch_max(fenced.history.epoch, Ordering::AcqRel);
        Ok(())
    }

    fn is_behind(&self) -> bool {
        self.fenced_epoch.load(Ordering::Acquire) < self.fence.local.history().epoch
    }
}

/// Why no server could be put into service.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OpenFailure {
    #[error("no server is configured")]
    NoServer,
    #[error("cannot use {endpoint}: {source}")]
    Server {
        endpoint: String,
        source: RedisError,
    },
    #[error("cannot send the pending removals: {0}")]
    Pending(#[from] Unavailable),
}

impl OpenFailure {
    /// Whether the server answered that it will not serve us: waiting does not help.
    pub(crate) fn is_refusal(&self) -> bool {
        matches!(self, OpenFailure::Server { source, .. } if refusal::is_of_login(source))
    }
}

impl From<OpenFailure> for Error {
    fn from(failure: OpenFailure) -> Self {
        match failure {
            OpenFailure::Server { endpoint, source } => Error::Connection {
                endpoint,
                source: source.into(),
            },
            other => Error::Connection {
                endpoint: "the server".into(),
                source: other.into(),
            },
        }
    }
}

/// The way to the server: a line in service, or none.
pub(crate) struct Link {
    target: Arc<Target>,
    fence: Arc<Fence>,
    pub(crate) breaker: Breaker,
    line: RwLock<Option<Arc<Line>>>,
    lost: Notify,
    command_timeout: Duration,
    /// How long it may take to connect and to pass the fence.
    connect_timeout: Duration,
}

impl Link {
    pub(super) fn new(config: &Config, target: Arc<Target>, fence: Arc<Fence>) -> Self {
        Self {
            target,
            fence,
            breaker: Breaker::new(&config.breaker),
            line: RwLock::new(None),
            lost: Notify::new(),
            command_timeout: config.redis.effective_command_timeout(),
            connect_timeout: config.redis.effective_connect_timeout(),
        }
    }

    /// Connects to the first server that passes the fence. The line is not in service yet.
    pub(crate) async fn open(&self) -> Result<(Arc<Line>, Fenced), OpenFailure> {
        let mut last = OpenFailure::NoServer;
        for server in &self.target.servers {
            let attempt = async {
                let mut connection = self.target.connect(server, None).await?;
                let fenced = self.fence.pass(&mut connection).await?;
                Ok((connection, fenced))
            };
            match self.in_time(attempt).await {
                Ok((connection, fenced)) => {
                    let fenced_epoch = AtomicU64::new(fenced.history.epoch);
                    let fence = self.fence.clone();
                    return Ok((
                        Arc::new(Line {
                            connection,
                            fence,
                            fenced_epoch,
                        }),
                        fenced,
                    ));
                }
                Err(source) => {
                    last = OpenFailure::Server {
                        endpoint: server.endpoint.to_string(),
                        source,
                    };
                }
            }
        }
        Err(last)
    }

    /// Puts a line into service.
    pub(crate) fn serve(&self, line: Arc<Line>) {
        *self.line.write() = Some(line);
        self.breaker.close();
    }

    pub(crate) fn is_up(&self) -> bool {
        self.line.read().is_some()
    }

    /// Waits until no line is in service.
    pub(crate) async fn lost(&self) {
        loop {
            let notified = self.lost.notified();
            if !self.is_up() {
                return;
            }
            notified.await;
        }
    }

    /// Runs a command on the line in service.
    pub(crate) async fn run<T, F, Running>(&self, command: F) -> Result<T, Unavailable>
    where
        F: Fn(Arc<Line>) -> Running,
        Running: Future<Output = RedisResult<T>>,
    {
        let line = self.line.read().clone().ok_or(Unavailable::Down)?;
        match self.in_command_time(attempt(&line, command)).await {
            Ok(Ok(value)) => {
                self.breaker.succeeded();
                Ok(value)
            }
            Ok(Err(error)) => {
                if refusal::ends_line(&error) {
                    self.give_up(&line);
                }
                Err(error.into())
            }
            Err(late) => {
                if self.breaker.failed() {
                    self.give_up(&line);
                }
                Err(late)
            }
        }
    }

    /// Runs a command on a line that is not in service yet.
    pub(crate) async fn run_on<T, F, Running>(
        &self,
        line: &Arc<Line>,
        command: F,
    ) -> Result<T, Unavailable>
    where
        F: Fn(Arc<Line>) -> Running,
        Running: Future<Output = RedisResult<T>>,
    {
        Ok(self.in_command_time(attempt(line, command)).await??)
    }

    async fn in_command_time<T>(&self, work: impl Future<Output = T>) -> Result<T, Unavailable> {
        let late = |_| Unavailable::Timeout(self.command_timeout);
        tokio::time::timeout(self.command_timeout, work)
            .await
            .map_err(late)
    }

    /// Takes a line out of service, if it still is in.
    fn give_up(&self, failed: &Arc<Line>) {
        let mut line = self.line.write();
        if line
            .as_ref()
            .is_some_and(|current| Arc::ptr_eq(current, failed))
        {
            *line = None;
            self.breaker.trip();
            self.lost.notify_waiters();
        }
    }

    async fn in_time<T>(&self, work: impl Future<Output = RedisResult<T>>) -> RedisResult<T> {
        let late = |_| RedisError::from((ErrorKind::Io, "no answer in time"));
        tokio::time::timeout(self.connect_timeout, work)
            .await
            .map_err(late)?
    }
}

/// Runs a command once its line is fenced in the newest epoch. A server whose history is not ours
/// is fenced again, and asked once more.
async fn attempt<T, F, Running>(line: &Arc<Line>, command: F) -> RedisResult<T>
where
    F: Fn(Arc<Line>) -> Running,
    Running: Future<Output = RedisResult<T>>,
{
    if line.is_behind() {
        line.fence_again().await?;
    }
    match command(line.clone()).await {
        Err(error) if refusal::is_unfenced(&error) => {
            line.fence_again().await?;
            command(line.clone()).await
        }
        result => result,
    }
}
