//! Redis Cluster and Valkey Cluster: the way to the primary that owns a slot.
//!
//! Nothing has to be known of a cluster for that, not even that it is one. A server is asked for a
//! key, and one that does not own its slot answers MOVED, and where the owner is. That costs no round
//! trip beside the one of the connection's name, and takes no right that an instance lacks otherwise.

use std::io;

use redis::aio::MultiplexedConnection;
use redis::{RedisConnectionInfo, RedisError, RedisResult, TlsCertificates, Value};
use tokio::sync::mpsc;

use super::super::refusal;
use super::{Listening, PUSH_BUFFER, Session, Target};
use crate::config::Endpoint;

/// While a slot changes hands, nodes may point at each other for a moment.
const MOST_MOVES: usize = 4;

impl Target {
    /// Connects to the server that holds this key: the one at `first`, or where that one points. Whether
    /// it is right is for the fence to find out, whose keys are of the same slot.
    ///
    /// What is pushed is received from that one alone.
    pub(super) async fn open_owner(
        &self,
        key: &str,
        first: Endpoint,
        login: &RedisConnectionInfo,
        certificates: Option<&TlsCertificates>,
        listens: bool,
    ) -> RedisResult<Listening> {
        let mut endpoint = first;
        for _ in 0..=MOST_MOVES {
            let (sender, pushes) = mpsc::channel(PUSH_BUFFER);
            let sender = listens.then_some(sender);
            let connection = self
                .open(&endpoint, login.clone(), certificates, sender)
                .await?;
            let (said, elsewhere) = self.introduce(&connection, key).await;
            match elsewhere {
                Some(address) => endpoint = owner(&address, &endpoint)?,
                None => return Ok((Session::new(connection, said.as_ref()), pushes)),
            }
        }
        let what =
            "the nodes of the cluster point at each other; none says that the slot is its own";
        Err(io::Error::other(what).into())
    }

    /// Tells a server our name, and asks for its own, which takes no right, and for the key: what it
    /// says of itself, and where else the key's slot is, if it is elsewhere.
    ///
    /// Any other failure is left to the fence: it tells what is wrong with this server.
    async fn introduce(
        &self,
        connection: &MultiplexedConnection,
        key: &str,
    ) -> (Option<Value>, Option<String>) {
        // A name is only for people who look at CLIENT LIST; a server may forbid the command.
        let name = self
            .client_name
            .replace(|c: char| c.is_whitespace() || c.is_control(), "-");
        let mut naming = redis::cmd("CLIENT");
        naming.arg("SETNAME").arg(name);
        let mut asking = redis::cmd("PTTL");
        asking.arg(key);
        let greeting = redis::cmd("HELLO");
        let [mut first, mut second, mut third] = [(); 3].map(|()| connection.clone());
        let (_, said, asked): (RedisResult<()>, RedisResult<Value>, RedisResult<i64>) = tokio::join!(
            naming.query_async(&mut first),
            greeting.query_async(&mut second),
            asking.query_async(&mut third)
        );
        (said.ok(), asked.err().as_ref().and_then(elsewhere))
    }
}

/// Where a node that does not own the slot says that it is. Who points elsewhere for this one key (ASK)
/// owns it, and is the one to talk to.
fn elsewhere(error: &RedisError) -> Option<String> {
    let (address, _) = error.redirect_node()?;
    refusal::is_moved(error).then(|| address.to_owned())
}

/// Reads `host:port`. A node that does not know its own name, or is not to tell it, leaves the host
/// out, or writes `?`: then it is the one that was asked.
fn owner(address: &str, asked: &Endpoint) -> RedisResult<Endpoint> {
    let read = || {
        let (host, port) = address.rsplit_once(':')?;
        let host = match (host, asked) {
            ("" | "?", Endpoint::Tcp { host, .. }) => host.clone(),
            ("" | "?", Endpoint::Unix(_)) => return None,
            (host, _) => host.to_owned(),
        };
        let port = port.parse().ok()?;
        Some(Endpoint::Tcp { host, port })
    };
    read().ok_or_else(|| {
        let what = format!(
            "the cluster's node says that the slot is at `{address}`, where nobody can connect. Let \
             its cluster-announce-ip or cluster-announce-hostname be what clients can reach"
        );
        io::Error::other(what).into()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(host: &str, port: u16) -> Endpoint {
        let host = host.to_owned();
        Endpoint::Tcp { host, port }
    }

    #[test]
    fn an_owner_is_where_the_node_says() {
        let asked = at("one.example", 7000);
        for (said, host) in [
            ("10.0.0.2:7001", "10.0.0.2"),
            ("two.example:7001", "two.example"),
            ("fe80::1:7001", "fe80::1"),
            (":7001", "one.example"),
            ("?:7001", "one.example"),
        ] {
            assert_eq!(owner(said, &asked).unwrap(), at(host, 7001), "{said}");
        }
    }

    #[test]
    fn an_owner_that_cannot_be_reached_is_an_error() {
        let socket = Endpoint::Unix("/run/redis.sock".into());
        for (said, asked) in [
            (":7001", &socket),
            ("nowhere", &at("one.example", 7000)),
            ("two.example:70000", &at("one.example", 7000)),
        ] {
            let error = owner(said, asked).unwrap_err().to_string();
            assert!(error.contains(&format!("`{said}`")), "{error}");
        }
    }
}
