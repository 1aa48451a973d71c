//! A TCP port on 127.0.0.1 that stays ours while nobody listens on it.

use std::{
    io,
    net::{Ipv4Addr, SocketAddr, TcpListener},
};

use socket2::{Domain, Socket, Type};

use crate::{Error, Result};

/// The longest queue of connections that were not accepted yet.
const BACKLOG: i32 = 1024;

/// A port held by a socket that is bound and does not listen.
///
/// Connecting to it is refused until somebody listens. The kernel gives the port to nobody who asks
/// for a free one, nor to an outgoing connection (which could otherwise connect to itself while a
/// server is down), but lets a server that sets `SO_REUSEADDR`, as Redis and Valkey do, listen on
/// it as often as it likes. So do Prometheus and chromedriver.
#[derive(Debug)]
pub struct ReservedPort {
    /// Held for its binding only.
    _socket: Socket,
    addr: SocketAddr,
}

impl ReservedPort {
    /// Reserves a free port.
    ///
    /// # Errors
    ///
    /// [`Error::Port`] when there is none.
    pub fn any() -> Result<Self> {
        Self::reserve(0)
    }

    /// Reserves `port`, or any free one if it is 0.
    pub(crate) fn reserve(port: u16) -> Result<Self> {
        Self::bind(port).map_err(|source| Error::Port { port, source })
    }

    fn bind(port: u16) -> io::Result<Self> {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
        if port != 0 {
            // Connections of an earlier server may still linger on a chosen port.
            socket.set_reuse_address(true)?;
        }
        socket.bind(&SocketAddr::from((Ipv4Addr::LOCALHOST, port)).into())?;
        // Set after the binding, so that the kernel chose a port that nobody else has reserved.
        socket.set_reuse_address(true)?;
        let addr = socket
            .local_addr()?
            .as_socket()
            .ok_or_else(|| io::Error::other("the reserved socket has no IP address"))?;
        Ok(Self {
            _socket: socket,
            addr,
        })
    }

    /// The port, with the address it is on.
    #[must_use]
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    pub(crate) fn number(&self) -> u16 {
        self.addr.port()
    }

    /// Listens on the port, without blocking calls.
    pub(crate) fn listen(&self) -> io::Result<TcpListener> {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
        socket.set_reuse_address(true)?;
        socket.set_nonblocking(true)?;
        socket.bind(&self.addr.into())?;
        socket.listen(BACKLOG)?;
        Ok(socket.into())
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::HashSet, net::TcpStream};

    use super::*;

    type TestResult = Result<(), Box<dyn std::error::Error>>;

    #[test]
    fn reserved_ports_are_all_different_and_refuse_connections() -> TestResult {
        let ports = (0..200)
            .map(|_| ReservedPort::any())
            .collect::<Result<Vec<_>>>()?;
        let numbers: HashSet<_> = ports.iter().map(ReservedPort::number).collect();
        assert_eq!(numbers.len(), ports.len());
        for port in &ports {
            let refused = TcpStream::connect(port.addr()).err().map(|e| e.kind());
            assert_eq!(refused, Some(io::ErrorKind::ConnectionRefused));
        }
        Ok(())
    }

    #[test]
    fn a_reserved_port_is_listened_on_again_and_again() -> TestResult {
        let port = ReservedPort::any()?;
        for _ in 0..3 {
            let listener = port.listen()?;
            TcpStream::connect(port.addr())?;
            drop(listener);
            assert!(TcpStream::connect(port.addr()).is_err());
        }
        Ok(())
    }

    #[test]
    fn a_port_that_is_listened_on_cannot_be_reserved() -> TestResult {
        let taken = TcpListener::bind("127.0.0.1:0")?;
        assert!(ReservedPort::reserve(taken.local_addr()?.port()).is_err());
        Ok(())
    }
}
