//! Where the server is and how to reach it.

use std::fmt;
use std::net::Ipv6Addr;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use super::secret::Secret;
use crate::error::{Error, Flaw};

mod stackexchange;
mod url;

/// The port of Redis, unless another is given.
const PORT: u16 = 6379;

/// The port of a sentinel, unless another is given.
const SENTINEL_PORT: u16 = 26_379;

/// Where the server is and how to reach it, read from a connection string.
///
/// Two notations are understood: StackExchange.Redis'
/// (`host:6379,host2:6380,password=…,ssl=true,defaultDatabase=0`) and URLs (`redis://`,
/// `rediss://`, `unix://`, `redis+unix://`, and for sentinels
/// `redis-sentinel://host:26379,host2:26379/service` and `rediss-sentinel://`). `Debug` and `Display` never show the password, and no
/// error about a connection string repeats any part of it that might be one.
///
/// ```
/// use unstale::config::Connection;
///
/// let one: Connection = "cache.example:6380,password=hunter2,ssl=true".parse()?;
/// let same: Connection = "rediss://:hunter2@cache.example:6380".parse()?;
/// assert_eq!(one, same);
/// assert_eq!(one.to_string(), "cache.example:6380");
/// # Ok::<(), unstale::error::Error>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Connection {
    /// The servers to try, in this order. Never empty after parsing.
    pub endpoints: Vec<Endpoint>,
    /// The user to log in as; the server's default user if left out.
    pub user: Option<String>,
    /// The user's password.
    pub password: Option<Secret>,
    /// Whether to encrypt the connection.
    pub tls: bool,
    /// The name the server's certificate has to carry, if not the host's.
    pub tls_host: Option<String>,
    /// The name by which sentinels know the servers; then `endpoints` are the sentinels.
    pub service: Option<String>,
    /// The user to ask the sentinels as, where they have users of their own.
    pub sentinel_user: Option<String>,
    /// The password that the sentinels want, if it is not the servers'.
    pub sentinel_password: Option<Secret>,
    /// The number of the database.
    pub database: Option<u32>,
    /// How long connecting may take.
    pub connect_timeout: Option<Duration>,
    /// How long one command may take.
    pub command_timeout: Option<Duration>,
    /// How often an idle connection is tested.
    pub keep_alive: Option<Duration>,
    /// The name the server shows for this client in `CLIENT LIST`.
    pub client_name: Option<String>,
}

/// One server.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Endpoint {
    /// A server on the network.
    Tcp {
        /// Its name or address; an IPv6 address goes without brackets.
        host: String,
        /// Its port.
        port: u16,
    },
    /// A server on this machine, by the path of its socket.
    Unix(PathBuf),
}

impl Connection {
    /// A connection to one server, with nothing else decided.
    pub fn to(endpoint: Endpoint) -> Self {
        Self {
            endpoints: vec![endpoint],
            ..Self::default()
        }
    }

    pub(crate) fn read(text: &str) -> Result<Self, Flaw> {
        let text = text.trim();
        match text.split_once("://") {
            // What looks like a scheme may also lie within a password.
            Some((scheme, rest)) if !scheme.contains([',', '=']) => url::read(scheme, rest),
            _ => stackexchange::read(text),
        }
    }
}

impl FromStr for Connection {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        Ok(Self::read(text).map_err(|flaw| flaw.at("the connection string", None))?)
    }
}

/// The endpoints alone: what may be shown.
impl fmt::Display for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.endpoints
            .iter()
            .enumerate()
            .try_for_each(|(i, endpoint)| {
                f.write_str(if i == 0 { "" } else { "," })?;
                endpoint.fmt(f)
            })
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp { host, port } if host.contains(':') => write!(f, "[{host}]:{port}"),
            Self::Tcp { host, port } => write!(f, "{host}:{port}"),
            Self::Unix(path) => path.display().fmt(f),
        }
    }
}

/// Reads `host`, `host:port`, `[v6]`, `[v6]:port` or a bare IPv6 address. The error does not say
/// what was read, because it may be the rest of a password.
fn endpoint(text: &str, default_port: u16) -> Result<Endpoint, Flaw> {
    let malformed = |what: &str| {
        Flaw::new(
            format!("the connection string has {what}"),
            "Write a server as host, host:port or [IPv6]:port.",
        )
    };
    let (host, port) = if let Some(rest) = text.strip_prefix('[') {
        let (host, port) = rest
            .split_once(']')
            .ok_or_else(|| malformed("a `[` without its `]`"))?;
        if host.parse::<Ipv6Addr>().is_err() {
            return Err(malformed("something else than an IPv6 address in brackets"));
        }
        match port.strip_prefix(':') {
            None if !port.is_empty() => return Err(malformed("no `:` between address and port")),
            port => (host, port),
        }
    } else if text.parse::<Ipv6Addr>().is_ok() {
        (text, None)
    } else {
        match text.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (text, None),
        }
    };
    let unusual = |c: char| c.is_whitespace() || c.is_control() || "/\\@?#%\"',=!".contains(c);
    if host.is_empty() || host.contains(unusual) {
        return Err(malformed("a server without a proper name"));
    }
    let port = match port {
        None => default_port,
        Some(port) => match port.parse() {
            Ok(port) if port > 0 => port,
            _ => return Err(malformed("a port that is not a number from 1 to 65535")),
        },
    };
    Ok(Endpoint::Tcp {
        host: host.to_owned(),
        port,
    })
}

/// Reads the number of a database.
fn database(text: &str, option: &str) -> Result<u32, Flaw> {
    text.parse().map_err(|_| {
        Flaw::new(
            format!("the connection string's {option} is not the number of a database"),
            "Write a whole number from 0.",
        )
    })
}

#[cfg(test)]
mod tests;
