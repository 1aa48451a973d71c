//! The receiving end of the log: a connection of its own, read without a response timeout.

use std::sync::Arc;
use std::time::Duration;

use redis::{Cmd, ErrorKind, PushInfo, PushKind, RedisError, RedisResult, Value};
use tokio::sync::Mutex;
use tokio::sync::mpsc::Receiver;

use super::super::feed::{Content, Entries};
use super::super::{Unavailable, in_time};
use super::call::Text;
use super::connection::{Server, Session};
use super::entries::{self, Arrived};
use super::reply;
use super::route::RedisRoute;
use crate::core::{Fenced, Position, Snapshot};
use crate::protect::Route;

/// Entries taken in one read.
const BATCH: usize = 1000;

/// The arguments of a read, and their bytes beside the name of the log: there is room for them at once.
const ARGUMENTS: usize = 8;
const BYTES: usize = 96;

/// A server that keeps a blocking read waiting for so much longer than it was told to is gone.
const PATIENCE: Duration = Duration::from_millis(500);

/// Reads the log of one partition.
pub(crate) struct RedisFeed {
    session: Session,
    route: Arc<RedisRoute>,
    /// In Pub/Sub mode: what was published.
    pushes: Option<Mutex<Receiver<PushInfo>>>,
    patience: Duration,
}

impl RedisFeed {
    /// Connects to the first server that passes the fence, and subscribes where Pub/Sub carries
    /// the log: before the tail is taken, so that nothing falls in between.
    pub(super) async fn connect(
        route: &Arc<RedisRoute>,
        poll_interval: Duration,
        connect_timeout: Duration,
    ) -> Result<Self, Unavailable> {
        let patience = poll_interval + PATIENCE;
        let mut last = Unavailable::Down;
        for server in route.servers() {
            let attempt = Self::try_connect(route, server, patience);
            match in_time(connect_timeout, attempt).await {
                Ok(Ok(feed)) => return Ok(feed),
                Ok(Err(error)) => last = error.into(),
                Err(late) => last = late,
            }
        }
        Err(last)
    }

    async fn try_connect(
        route: &Arc<RedisRoute>,
        server: &Server,
        patience: Duration,
    ) -> RedisResult<Self> {
        let feed = Self::open(route, server, patience).await?;
        route.pass(&feed.session).await?;
        Ok(feed)
    }

    /// Connects, and subscribes where Pub/Sub carries the log, without a fence: enough for
    /// somebody who only looks.
    pub(super) async fn open(
        route: &Arc<RedisRoute>,
        server: &Server,
        patience: Duration,
    ) -> RedisResult<Self> {
        let channel = &route.keyspace.channel;
        let (session, pushes) = if channel.is_empty() {
            (route.connect(server).await?, None)
        } else {
            let opened = route.target.listen(server, &route.keyspace.meta).await?;
            let (session, pushes) = opened;
            session.commands().subscribe(channel).await?;
            (session, Some(Mutex::new(pushes)))
        };
        Ok(Self {
            session,
            route: route.clone(),
            pushes,
            patience,
        })
    }

    pub(crate) async fn probe(&self) -> Result<Fenced, Unavailable> {
        Ok(in_time(self.patience, self.route.fence(&self.session)).await??)
    }

    pub(crate) async fn snapshot(&self) -> Result<Snapshot, Unavailable> {
        let mut connection = self.session.commands();
        let all = async {
            let meta: Value = redis::cmd("HGETALL")
                .arg(&self.route.keyspace.meta)
                .query_async(&mut connection)
                .await?;
            reply::snapshot(&meta)
        };
        let snapshot = in_time(self.patience, all).await??;
        snapshot.ok_or(Unavailable::NotFenced)
    }

    pub(crate) async fn entries(
        &self,
        cursor: Position,
        wait: Duration,
    ) -> Result<Entries, Unavailable> {
        match &self.pushes {
            Some(pushes) => self.pushed(pushes, wait).await,
            None => Ok(in_time(self.patience, self.read_stream(cursor, wait)).await??),
        }
    }

    async fn read_stream(&self, cursor: Position, wait: Duration) -> RedisResult<Entries> {
        // Zero would block for ever.
        let block = crate::tiers::record::millis(wait).max(1);
        let log = &self.route.keyspace.log;
        let reply: Value = Cmd::with_capacity(ARGUMENTS, BYTES + log.len())
            .arg("XREAD")
            .arg("COUNT")
            .arg(BATCH)
            .arg("BLOCK")
            .arg(block)
            .arg("STREAMS")
            .arg(log)
            .arg(Text(cursor))
            .query_async(&mut self.session.commands())
            .await?;
        let read = entries::of_read(&reply)?;
        Ok(Entries {
            entries: read
                .iter()
                .filter_map(|entry| Some(self.content(entries::kept(entry)?)))
                .collect(),
            complete: read.len() < BATCH,
        })
    }

    /// Takes what has been published so far; waits for the first.
    async fn pushed(
        &self,
        pushes: &Mutex<Receiver<PushInfo>>,
        wait: Duration,
    ) -> Result<Entries, Unavailable> {
        let mut pushes = pushes.lock().await;
        let mut taken = Vec::new();
        let mut next = match tokio::time::timeout(wait, pushes.recv()).await {
            Ok(Some(push)) => Some(push),
            Ok(None) => return Err(disconnected()),
            Err(_) => None,
        };
        while let Some(push) = next {
            match push.kind {
                PushKind::Disconnection => return Err(disconnected()),
                PushKind::Message => {
                    taken.extend(entries::published(&push).map(|entry| self.content(entry)));
                }
                _ => {}
            }
            if taken.len() >= BATCH {
                return Ok(Entries {
                    entries: taken,
                    complete: false,
                });
            }
            next = pushes.try_recv().ok();
        }
        Ok(Entries {
            entries: taken,
            complete: true,
        })
    }

    fn content(&self, entry: Arrived<'_>) -> (Position, Content) {
        let local = self.route.local();
        entries::content(entry, |position, id| local.was_confirmed(position, id))
    }
}

fn disconnected() -> Unavailable {
    RedisError::from((ErrorKind::Io, "the server closed the connection")).into()
}
