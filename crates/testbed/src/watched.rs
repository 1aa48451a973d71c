//! Servers of which sentinels know the primary.

use crate::agreement::{says, wait};
use crate::{Result, Server, ServerBuilder};

/// The name of the service.
const SERVICE: &str = "service";

/// Two of three have to agree.
const QUORUM: u32 = 2;

/// One primary with two replicas, and three sentinels that watch them. A replica takes the primary's
/// place some seconds after that was killed.
#[derive(Debug)]
pub struct Watched {
    servers: [Server; 3],
    sentinels: [Server; 3],
}

impl Watched {
    /// Starts them with the defaults of [`Server::builder`], and returns when the sentinels know each
    /// other and all servers.
    ///
    /// # Errors
    ///
    /// As [`ServerBuilder::start`], and [`Error::NoAgreement`](crate::Error::NoAgreement) when they do
    /// not.
    pub fn start() -> Result<Self> {
        Self::of(&Server::builder())
    }

    /// Starts servers that are all like this.
    ///
    /// # Errors
    ///
    /// As [`Watched::start`].
    pub fn of(server: &ServerBuilder) -> Result<Self> {
        let primary = server.start()?;
        let replica = || server.clone().replica_of(&primary).start();
        let sentinel = || {
            let sentinel = Server::builder().sentinel_of(&primary, SERVICE, QUORUM);
            sentinel.start()
        };
        let (one, other) = (replica()?, replica()?);
        let sentinels = [sentinel()?, sentinel()?, sentinel()?];
        let watched = Self {
            servers: [primary, one, other],
            sentinels,
        };
        watched.until_agreed()?;
        Ok(watched)
    }

    /// What the sentinels call the primary.
    #[must_use]
    pub fn service(&self) -> &'static str {
        SERVICE
    }

    /// All servers, the first primary first.
    #[must_use]
    pub fn servers(&self) -> &[Server] {
        &self.servers
    }

    /// All sentinels.
    #[must_use]
    pub fn sentinels(&self) -> &[Server] {
        &self.sentinels
    }

    /// The server that all sentinels who run call the primary, and that says so itself.
    #[must_use]
    pub fn primary(&self) -> Option<&Server> {
        let running = self.sentinels.iter().filter(|one| one.pid().is_some());
        let named: Vec<_> = running.map(named).collect();
        let port = (*named.first()?)?;
        if named.iter().any(|other| *other != Some(port)) {
            return None;
        }
        let mut servers = self.servers.iter();
        let server = servers.find(|server| server.port() == port)?;
        (server.pid().is_some() && says(server, "role:master", &REPLICATION)).then_some(server)
    }

    /// Waits until the sentinels agree on a primary that all other servers who run follow, and could
    /// agree on another.
    ///
    /// # Errors
    ///
    /// [`Error::NoAgreement`](crate::Error::NoAgreement) with what is missing.
    pub fn until_agreed(&self) -> Result<()> {
        wait(|| {
            let Some(primary) = self.primary() else {
                return Some("the sentinels know no primary".to_owned());
            };
            let port = format!("master_port:{}", primary.port());
            let follows = |server: &Server| {
                server.port() == primary.port()
                    || says(server, &port, &REPLICATION)
                        && says(server, "master_link_status:up", &REPLICATION)
            };
            let running = |server: &&Server| server.pid().is_some();
            let mut servers = self.servers.iter().filter(running);
            if let Some(server) = servers.find(|server| !follows(server)) {
                return Some(format!("{server:?} does not follow {primary:?}"));
            }
            let mut sentinels = self.sentinels.iter().filter(running);
            let uncertain = sentinels.find(|sentinel| !knows_all(sentinel));
            uncertain.map(|sentinel| format!("{sentinel:?} does not know all servers"))
        })
    }
}

const REPLICATION: [&str; 2] = ["INFO", "replication"];

/// The port of the primary, by what a sentinel says.
fn named(sentinel: &Server) -> Option<u16> {
    let asking = ["SENTINEL", "GET-MASTER-ADDR-BY-NAME", SERVICE];
    let named = sentinel.command(asking).ok()?;
    let (_, port): (String, u16) = redis::from_redis_value(named).ok()?;
    Some(port)
}

/// Whether a sentinel knows both replicas and both other sentinels, and enough of them are there.
fn knows_all(sentinel: &Server) -> bool {
    let ask = |what| sentinel.command(["SENTINEL", what, SERVICE]).ok();
    let known = |what| ask(what).and_then(|answer| Some(answer.as_sequence()?.len()));
    known("REPLICAS") == Some(2) && known("SENTINELS") == Some(2) && ask("CKQUORUM").is_some()
}
