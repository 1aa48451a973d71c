//! The connection that carries commands, supervised: it is in service only after the fence, and
//! is given up when it fails.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use parking_lot::RwLock;
use tokio::sync::Notify;

use super::breaker::Breaker;
use super::route::{Failure, Route};
use crate::config::Config;
use crate::core::{Fenced, Guard};
use crate::error::Error;
use crate::tiers::{Unavailable, in_time};

/// A fenced connection.
pub(crate) struct Line<R: Route> {
    pub(crate) connection: R::Connection,
    route: Arc<R>,
    /// The epoch of its last fence.
    fenced_epoch: AtomicU64,
}

impl<R: Route> Line<R> {
    pub(crate) async fn fence_again(&self) -> Result<(), R::Failure> {
        let fenced = self.route.pass(&self.connection).await?;
        self.fenced_epoch
            .fetch_max(fenced.history.epoch, Ordering::AcqRel);
        Ok(())
    }

    fn is_behind(&self) -> bool {
        self.fenced_epoch.load(Ordering::Acquire) < self.route.local().history().epoch
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
        /// The server answered that it will not serve us: waiting does not help.
        refused: bool,
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    #[error("cannot send the pending removals: {0}")]
    Pending(#[from] Unavailable),
}

impl OpenFailure {
    /// Whether the server answered that it will not serve us: waiting does not help.
    pub(crate) fn is_refusal(&self) -> bool {
        matches!(self, OpenFailure::Server { refused: true, .. })
    }
}

impl From<OpenFailure> for Error {
    fn from(failure: OpenFailure) -> Self {
        match failure {
            OpenFailure::Server {
                endpoint, source, ..
            } => Error::Connection { endpoint, source },
            other => Error::Connection {
                endpoint: "the server".into(),
                source: other.into(),
            },
        }
    }
}

/// The way to the server: a line in service, or none.
pub(crate) struct Link<R: Route> {
    route: Arc<R>,
    pub(crate) breaker: Breaker,
    line: RwLock<Option<Arc<Line<R>>>>,
    lost: Notify,
    command_timeout: Duration,
    /// How long it may take to connect and to pass the fence.
    connect_timeout: Duration,
}

impl<R: Route> Link<R> {
    pub(crate) fn new(config: &Config, route: Arc<R>) -> Self {
        Self {
            route,
            breaker: Breaker::new(&config.breaker),
            line: RwLock::new(None),
            lost: Notify::new(),
            command_timeout: config.redis.effective_command_timeout(),
            connect_timeout: config.redis.effective_connect_timeout(),
        }
    }

    /// Connects to the first server that passes the fence. The line is not in service yet.
    pub(crate) async fn open(&self) -> Result<(Arc<Line<R>>, Fenced), OpenFailure> {
        let mut last = OpenFailure::NoServer;
        for server in self.route.servers() {
            let attempt = async {
                let connection = self.route.connect(server).await?;
                let fenced = if Guard::FenceOnConnect.holds() {
                    self.route.pass(&connection).await?
                } else {
                    Fenced {
                        history: self.route.local().history(),
                        ..Fenced::default()
                    }
                };
                Ok((connection, fenced))
            };
            let opened = in_time(self.connect_timeout, attempt).await;
            match opened.unwrap_or_else(|_| Err(R::Failure::too_late())) {
                Ok((connection, fenced)) => {
                    let line = Line {
                        connection,
                        route: self.route.clone(),
                        fenced_epoch: AtomicU64::new(fenced.history.epoch),
                    };
                    return Ok((Arc::new(line), fenced));
                }
                Err(failure) => {
                    last = OpenFailure::Server {
                        endpoint: self.route.endpoint(server),
                        refused: failure.is_of_login(),
                        source: Box::new(failure),
                    };
                }
            }
        }
        Err(last)
    }

    /// Puts a line into service.
    pub(crate) fn serve(&self, line: Arc<Line<R>>) {
        *self.line.write() = Some(line);
        self.breaker.close();
    }

    /// The line in service, for what is no part of the protocol.
    pub(crate) fn line(&self) -> Option<Arc<Line<R>>> {
        self.line.read().clone()
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
        F: Fn(Arc<Line<R>>) -> Running,
        Running: Future<Output = Result<T, R::Failure>>,
    {
        let line = self.line.read().clone().ok_or(Unavailable::Down)?;
        match in_time(self.command_timeout, attempt(&line, command)).await {
            Ok(Ok(value)) => {
                self.breaker.succeeded();
                Ok(value)
            }
            Ok(Err(failure)) => {
                if failure.ends_line() {
                    self.give_up(&line);
                }
                Err(failure.into())
            }
            Err(late) => {
                if self.breaker.unanswered() {
                    self.give_up(&line);
                }
                Err(late)
            }
        }
    }

    /// Runs a command on a line that is not in service yet.
    pub(crate) async fn run_on<T, F, Running>(
        &self,
        line: &Arc<Line<R>>,
        command: F,
    ) -> Result<T, Unavailable>
    where
        F: Fn(Arc<Line<R>>) -> Running,
        Running: Future<Output = Result<T, R::Failure>>,
    {
        in_time(self.command_timeout, attempt(line, command))
            .await?
            .map_err(Into::into)
    }

    /// Takes a line out of service, if it still is in.
    fn give_up(&self, failed: &Arc<Line<R>>) {
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
}

/// Runs a command once its line is fenced in the newest epoch. A server whose history is not ours
/// is fenced again, and asked once more.
async fn attempt<R, T, F, Running>(line: &Arc<Line<R>>, command: F) -> Result<T, R::Failure>
where
    R: Route,
    F: Fn(Arc<Line<R>>) -> Running,
    Running: Future<Output = Result<T, R::Failure>>,
{
    if Guard::RefenceWhenBehind.forbids(line.is_behind()) {
        line.fence_again().await?;
    }
    match command(line.clone()).await {
        Err(failure) if failure.is_unfenced() => {
            line.fence_again().await?;
            command(line.clone()).await
        }
        result => result,
    }
}
