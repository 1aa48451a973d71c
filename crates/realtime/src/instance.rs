use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use axum::serve::ListenerExt;
use tokio::{net::TcpListener, task::JoinHandle};
use unstale::Cache;

use crate::{
    app::App,
    http,
    live::Board,
    store::{Database, DatabaseError},
    watch::{WatchedInstance, follow},
};

/// How long requests under way may take after the service was told to stop.
const GRACE: Duration = Duration::from_secs(5);

/// One running instance of the service: an HTTP server with its own cache and its own connections
/// to the database.
pub struct Instance {
    app: App,
    address: SocketAddr,
    server: JoinHandle<io::Result<()>>,
    /// Takes down what happens on this instance.
    following: JoinHandle<()>,
}

impl Instance {
    /// Serves on the listener until [`stop`](Self::stop). Instances that open the same database
    /// and whose caches are connected to each other make up one service.
    ///
    /// # Errors
    /// If the database cannot be opened, or the listener has no address.
    pub async fn start(
        name: &str,
        listener: TcpListener,
        cache: Cache,
        database: &Database,
        board: Arc<Board>,
    ) -> Result<Self, StartError> {
        let address = listener.local_addr()?;
        let store = database.open().await?;
        board.scrape.watch(&cache);
        let app = App::new(cache, store, board.clone());
        let following = tokio::spawn(follow(app.cache.events(), board.len(), board.clone()));
        board.watch(WatchedInstance {
            name: name.to_owned(),
            address,
            cache: app.cache.clone(),
            prices: app.prices.clone(),
            store: app.store.clone(),
        });
        let stopped = app.stop.clone().cancelled_owned();
        let router = http::router(app.clone(), address);
        // Answers are small, and waiting to fill a packet would delay every one.
        let listener = listener.tap_io(|connection| {
            if let Err(error) = connection.set_nodelay(true) {
                tracing::debug!(%error, "a connection stays with delayed packets");
            }
        });
        let server = tokio::spawn(async move {
            axum::serve(listener, router)
                .with_graceful_shutdown(stopped)
                .await
        });
        Ok(Self {
            app,
            address,
            server,
            following,
        })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Ends the requests under way, then the writes that outlived theirs, then the cache and the
    /// database. A request that takes longer than five seconds is cut off.
    pub async fn stop(mut self) {
        self.app.stop.cancel();
        if tokio::time::timeout(GRACE, &mut self.server).await.is_err() {
            self.server.abort();
        }
        if tokio::time::timeout(GRACE, self.app.finish_writes())
            .await
            .is_err()
        {
            tracing::warn!("a write was still under way when the instance stopped");
        }
        self.following.abort();
        self.app.cache.close().await;
        self.app.store.close().await;
    }
}

/// An instance could not be started.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the message of each says what it means")]
pub enum StartError {
    #[error(transparent)]
    Database(#[from] DatabaseError),
    #[error("The listener has no address.")]
    Listener(#[from] io::Error),
}
