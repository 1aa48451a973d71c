//! A TCP proxy that makes faults on request.

mod connection;
mod faults;
mod gate;

use std::{net::SocketAddr, sync::Arc, time::Duration};

pub use faults::Direction;
use gate::Gate;
use tokio::{runtime::Handle, task::AbortHandle};

use crate::{Result, port::ReservedPort};

/// A TCP proxy in front of a server that cuts, silences, stalls or delays what passes, on request.
///
/// A fault holds from the moment the call that sets it has returned: what a peer sends later meets
/// it, also on connections that are already open. Faults can be set at any time, from any thread,
/// and add up until [`Proxy::heal`] ends them all. Dropping the proxy closes everything and ends
/// its tasks.
#[derive(Debug)]
pub struct Proxy {
    gate: Arc<Gate>,
    acceptor: AbortHandle,
}

impl Proxy {
    /// Starts a proxy on a free port of 127.0.0.1 that passes everything on to `upstream`.
    ///
    /// It lives on the Tokio runtime this is called on, which must have its I/O and time drivers
    /// enabled.
    ///
    /// # Errors
    ///
    /// [`Error::Port`](crate::Error::Port) or [`Error::Listen`](crate::Error::Listen) when no port can
    /// be had.
    #[allow(
        clippy::unused_async,
        reason = "being async, it can only be called where the runtime it needs is at hand"
    )]
    pub async fn start(upstream: SocketAddr) -> Result<Self> {
        let port = ReservedPort::any()?;
        let gate = Arc::new(Gate::open(port, upstream, Handle::current())?);
        let acceptor = tokio::spawn(connection::accept_all(Arc::clone(&gate))).abort_handle();
        Ok(Self { gate, acceptor })
    }

    /// Where clients connect.
    #[must_use]
    pub fn addr(&self) -> SocketAddr {
        self.gate.addr()
    }

    /// Where clients connect, as `redis://127.0.0.1:<port>`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("redis://{}", self.addr())
    }

    /// Closes all connections and refuses new ones until [`Proxy::heal`].
    pub fn cut(&self) {
        self.gate.cut();
    }

    /// Passes `bytes` more bytes in this direction, counted over all connections, and then does
    /// what [`Proxy::cut`] does, right behind the last of them. It replaces an earlier `cut_after`.
    pub fn cut_after(&self, direction: Direction, bytes: u64) {
        self.gate.cut_after(direction, bytes);
    }

    /// Whether the proxy is cut off, by [`Proxy::cut`] or because a [`Proxy::cut_after`] came true.
    #[must_use]
    pub fn is_cut(&self) -> bool {
        self.gate.is_cut()
    }

    /// Closes all connections once. New ones are welcome.
    pub fn drop_connections(&self) {
        self.gate.drop_connections();
    }

    /// Swallows everything sent in this direction until [`Proxy::heal`], the closing of a
    /// connection included: connections go silent without being closed, and new ones are accepted
    /// and silent too.
    ///
    /// Healing closes the connections that lost something meanwhile, because a TCP stream never
    /// goes on behind a gap. Those that lost nothing go on.
    pub fn black_hole(&self, direction: Direction) {
        self.gate
            .set_faults(direction, |faults| faults.swallow = true);
    }

    /// Holds back everything sent in this direction and delivers it at [`Proxy::heal`]. A sender
    /// that goes on sending gets stuck after about a megabyte per connection.
    pub fn stall(&self, direction: Direction) {
        self.gate
            .set_faults(direction, |faults| faults.stall = true);
    }

    /// The same as [`Proxy::black_hole`], for one open connection: the one that the server knows by
    /// this address, as [`Proxy::peers`] and `CLIENT LIST` give it. False when there is none.
    #[must_use]
    pub fn black_hole_one(&self, peer: SocketAddr, direction: Direction) -> bool {
        self.gate
            .set_faults_of(peer, direction, |faults| faults.swallow = true)
    }

    /// The same as [`Proxy::stall`], for one open connection; see [`Proxy::black_hole_one`].
    #[must_use]
    pub fn stall_one(&self, peer: SocketAddr, direction: Direction) -> bool {
        self.gate
            .set_faults_of(peer, direction, |faults| faults.stall = true)
    }

    /// Delivers everything sent in this direction this much later than it was sent, without
    /// limiting how much is under way to less than a megabyte per connection. Zero ends it. What is
    /// under way already follows the new delay.
    pub fn delay(&self, direction: Direction, delay: Duration) {
        self.gate
            .set_faults(direction, |faults| faults.delay = delay);
    }

    /// Ends all faults: stalled bytes are delivered, connections are accepted again, and
    /// connections that lost bytes in a black hole are closed.
    ///
    /// # Errors
    ///
    /// [`Error::Listen`](crate::Error::Listen) when the proxy cannot listen on its port again; it stays
    /// cut then.
    pub fn heal(&self) -> Result<()> {
        self.gate.heal()
    }

    /// Leads new connections to another server, as a name or a virtual address does after a
    /// failover. Open connections stay where they are.
    pub fn redirect(&self, upstream: SocketAddr) {
        self.gate.redirect(upstream);
    }

    /// How many connections are open, as the proxy sees it: one whose closing is stalled or
    /// swallowed still is.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.gate.connections()
    }

    /// The addresses under which the server knows the open connections.
    #[must_use]
    pub fn peers(&self) -> Vec<SocketAddr> {
        self.gate.peers()
    }

    /// How many bytes have come in from this direction's senders since the start, delivered or not.
    #[must_use]
    pub fn received(&self, direction: Direction) -> u64 {
        self.gate.received(direction)
    }

    /// How many bytes have been let through in this direction since the start.
    #[must_use]
    pub fn passed(&self, direction: Direction) -> u64 {
        self.gate.passed(direction)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.acceptor.abort();
        self.gate.cut();
    }
}
