//! The way to a server: what has to be known of it to keep a connection in service.

use std::error::Error;
use std::future::Future;

use crate::core::Fenced;
use crate::local::Local;
use crate::tiers::Unavailable;

/// The servers of one partition, and how to talk to them.
pub(crate) trait Route: Send + Sync + 'static {
    /// A server to try.
    type Server: Send + Sync;
    /// A connection to one.
    type Connection: Send + Sync + 'static;
    /// What goes wrong on it.
    type Failure: Failure;

    /// What this instance knows.
    fn local(&self) -> &Local;

    /// The servers to try, in this order.
    fn servers(&self) -> &[Self::Server];

    /// How a server is called in reports.
    fn endpoint(&self, server: &Self::Server) -> String;

    /// Connects. The connection is not fenced yet.
    fn connect(
        &self,
        server: &Self::Server,
    ) -> impl Future<Output = Result<Self::Connection, Self::Failure>> + Send;

    /// Fences a connection with what this instance knows, and says what the server answered.
    fn fence(
        &self,
        connection: &Self::Connection,
    ) -> impl Future<Output = Result<Fenced, Self::Failure>> + Send;

    /// Fences a connection until its answer is of the history this instance knows, or of a newer
    /// one. An instance that learns of a newer epoch meanwhile makes a second turn necessary.
    fn pass(
        &self,
        connection: &Self::Connection,
    ) -> impl Future<Output = Result<Fenced, Self::Failure>> + Send {
        async {
            loop {
                let fenced = self.fence(connection).await?;
                if self.local().adopt(fenced) {
                    return Ok(fenced);
                }
            }
        }
    }
}

/// What a failure means for the connection that it happened on.
pub(crate) trait Failure: Error + Into<Unavailable> + Send + Sync + 'static {
    /// There was no answer in time.
    fn too_late() -> Self;

    /// Whether this server, on this connection, is of no use any longer.
    fn ends_line(&self) -> bool;

    /// Whether the server's history is not ours: the connection has to be fenced again.
    fn is_unfenced(&self) -> bool;

    /// Whether the server refuses us as we are: waiting does not help.
    fn is_of_login(&self) -> bool;
}
