//! The way to a hub that is reached over a network.

use std::sync::Arc;

use tokio::sync::oneshot;

use super::conditions::Approach;
use super::way::{Purpose, Reply, Request, Said, What, Wire};
use crate::core::Fenced;
use crate::local::Local;
use crate::protect::{Failure, Route};
use crate::random;
use crate::tiers::Unavailable;
use crate::tiers::hub::Hub;

/// The one hub there is.
pub(crate) struct RemoteRoute {
    pub(super) hub: Hub,
    approach: Approach,
    local: Arc<Local>,
}

/// A connection to it, closed when dropped.
pub(crate) struct RemoteConnection {
    hub: Hub,
    pub(super) wire: Arc<dyn Wire>,
}

impl Drop for RemoteConnection {
    fn drop(&mut self) {
        self.wire.close();
    }
}

/// What goes wrong on it.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RemoteFailure {
    #[error("nobody answers there")]
    Nobody,
    #[error("the connection is gone")]
    Gone,
    #[error("no answer in time")]
    TooLate,
    #[error("the history of this server is not ours")]
    NotFenced,
    #[error("the server has run out of memory")]
    Full,
    #[error("no random numbers")]
    NoRandom,
}

impl RemoteConnection {
    /// Has one step done by the hub, once the request gets there.
    pub(super) async fn call<T: Send + 'static>(
        &self,
        what: What,
        step: impl FnOnce(&Hub) -> (Result<T, RemoteFailure>, Said) + Send + 'static,
    ) -> Result<T, RemoteFailure> {
        let (answer, answered) = oneshot::channel();
        let hub = self.hub.clone();
        self.wire.clone().send(Request {
            what,
            serve: Box::new(move |back| {
                let (result, said) = step(&hub);
                hub.publish_news();
                back(Reply {
                    said,
                    // The caller may have stopped waiting.
                    deliver: Box::new(move || drop(answer.send(result))),
                });
            }),
        });
        self.answer(answered).await?
    }

    /// Waits for an answer, or until the connection is known to be gone.
    pub(super) async fn answer<T>(
        &self,
        answered: oneshot::Receiver<T>,
    ) -> Result<T, RemoteFailure> {
        tokio::select! {
            biased;
            answer = answered => answer.map_err(|_| RemoteFailure::Gone),
            () = self.wire.gone() => Err(RemoteFailure::Gone),
        }
    }
}

impl RemoteRoute {
    pub(super) fn new(hub: &Hub, approach: &Approach, local: Arc<Local>) -> Self {
        Self {
            hub: hub.clone(),
            approach: approach.clone(),
            local,
        }
    }

    pub(super) async fn connect_for(
        &self,
        purpose: Purpose,
    ) -> Result<RemoteConnection, RemoteFailure> {
        let wire = self.approach.0.connect(purpose).await;
        Ok(RemoteConnection {
            hub: self.hub.clone(),
            wire: wire.ok_or(RemoteFailure::Nobody)?,
        })
    }
}

impl Route for RemoteRoute {
    type Server = ();
    type Connection = RemoteConnection;
    type Failure = RemoteFailure;

    fn local(&self) -> &Local {
        &self.local
    }

    fn servers(&self) -> &[()] {
        &[()]
    }

    fn endpoint(&self, (): &()) -> String {
        "the hub".to_owned()
    }

    async fn connect(&self, (): &()) -> Result<RemoteConnection, RemoteFailure> {
        self.connect_for(Purpose::Commands).await
    }

    async fn fence(&self, connection: &RemoteConnection) -> Result<Fenced, RemoteFailure> {
        let fresh_nonce = random::number().map_err(|_| RemoteFailure::NoRandom)?;
        let (ours, longest_ttl) = self
            .local
            .with(|partition, _| (partition.witness(), partition.longest_ttl()));
        let step = move |hub: &Hub| {
            let fenced = hub.fence(ours, fresh_nonce, longest_ttl);
            (Ok(fenced), Said::Fenced(fenced))
        };
        connection.call(What::Fence(ours), step).await
    }
}

impl Failure for RemoteFailure {
    fn too_late() -> Self {
        Self::TooLate
    }

    fn ends_line(&self) -> bool {
        matches!(self, Self::Gone | Self::Nobody)
    }

    fn is_unfenced(&self) -> bool {
        matches!(self, Self::NotFenced)
    }

    fn is_of_login(&self) -> bool {
        false
    }
}

impl From<RemoteFailure> for Unavailable {
    fn from(failure: RemoteFailure) -> Self {
        match failure {
            RemoteFailure::NotFenced => Unavailable::NotFenced,
            RemoteFailure::Full => Unavailable::Full,
            other => Unavailable::Server(Arc::new(other)),
        }
    }
}
