//! One cache's reader of the log of a hub that is reached over a network.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Mutex, mpsc, oneshot};

use super::route::{RemoteConnection, RemoteFailure, RemoteRoute};
use super::way::{Purpose, Reply, Request, Said, What};
use crate::core::{Fenced, Message, Position, Snapshot};
use crate::protect::Route;
use crate::tiers::feed::Entries;
use crate::tiers::hub::Hub;
use crate::tiers::{Unavailable, in_time};

/// A hub that keeps a blocking read waiting for so much longer than it was told to is gone.
const PATIENCE: Duration = Duration::from_millis(500);

type Inbox = mpsc::UnboundedReceiver<(Position, Message)>;

/// One cache's reader of the log.
pub(crate) struct RemoteFeed {
    connection: RemoteConnection,
    route: Arc<RemoteRoute>,
    /// What was published, where the log is.
    published: Option<Mutex<Inbox>>,
    patience: Duration,
}

impl RemoteFeed {
    /// Connects, subscribes where the log is published, and passes the fence.
    pub(super) async fn connect(
        route: &Arc<RemoteRoute>,
        poll_interval: Duration,
        connect_timeout: Duration,
    ) -> Result<Self, Unavailable> {
        let patience = poll_interval + PATIENCE;
        Ok(in_time(connect_timeout, Self::try_connect(route, patience)).await??)
    }

    async fn try_connect(
        route: &Arc<RemoteRoute>,
        patience: Duration,
    ) -> Result<Self, RemoteFailure> {
        let connection = route.connect_for(Purpose::Log).await?;
        let mut published = None;
        if route.hub.publishes() {
            let (sender, receiver) = mpsc::unbounded_channel();
            let wire = connection.wire.clone();
            let step = move |hub: &Hub| {
                hub.subscribe(&wire, sender);
                (Ok(()), Said::Done)
            };
            connection.call(What::Subscribe, step).await?;
            published = Some(Mutex::new(receiver));
        }
        route.pass(&connection).await?;
        Ok(Self {
            connection,
            route: route.clone(),
            published,
            patience,
        })
    }

    pub(crate) async fn probe(&self) -> Result<Fenced, Unavailable> {
        Ok(in_time(self.patience, self.route.fence(&self.connection)).await??)
    }

    pub(crate) async fn snapshot(&self) -> Result<Snapshot, Unavailable> {
        let step = |hub: &Hub| match hub.snapshot() {
            Some(snapshot) => {
                let said = Said::Fenced(snapshot.fenced);
                (Ok(snapshot), said)
            }
            None => (Err(RemoteFailure::NotFenced), Said::NotFenced),
        };
        let answer = in_time(self.patience, self.connection.call(What::Snapshot, step));
        Ok(answer.await??)
    }

    pub(crate) async fn entries(
        &self,
        cursor: Position,
        wait: Duration,
    ) -> Result<Entries, Unavailable> {
        match &self.published {
            Some(published) => self.published(published, wait).await,
            None => Ok(in_time(self.patience, self.read(cursor, wait)).await??),
        }
    }

    /// A read that the hub answers as soon as there is something, or after `wait`.
    async fn read(&self, cursor: Position, wait: Duration) -> Result<Entries, RemoteFailure> {
        let (answer, answered) = oneshot::channel();
        let hub = self.route.hub.clone();
        let reply = move |entries: Vec<_>| Reply {
            said: Said::Entries(entries.len()),
            // The caller may have stopped waiting.
            deliver: Box::new(move || drop(answer.send(entries))),
        };
        self.connection.wire.clone().send(Request {
            what: What::Entries(cursor),
            serve: Box::new(move |back| {
                let entries = hub.entries_after(cursor);
                if !entries.is_empty() {
                    return back(reply(entries));
                }
                tokio::spawn(async move {
                    back(reply(hub.await_entries(cursor, wait).await));
                });
            }),
        });
        let entries = self.connection.answer(answered).await?;
        Ok(Entries::all(entries, self.route.local()))
    }

    /// What was published so far; waits for the first.
    async fn published(
        &self,
        published: &Mutex<Inbox>,
        wait: Duration,
    ) -> Result<Entries, Unavailable> {
        let mut published = published.lock().await;
        let first = tokio::select! {
            biased;
            () = self.connection.wire.gone() => return Err(RemoteFailure::Gone.into()),
            first = tokio::time::timeout(wait, published.recv()) => first,
        };
        let mut entries = match first {
            Ok(Some(first)) => vec![first],
            Ok(None) => return Err(RemoteFailure::Gone.into()),
            Err(_) => vec![],
        };
        while let Ok(next) = published.try_recv() {
            entries.push(next);
        }
        Ok(Entries::all(entries, self.route.local()))
    }
}
