//! One Redis or Valkey server of its own.

mod binary;
mod builder;
mod identity;
mod site;

use std::{
    fmt,
    net::SocketAddr,
    path::Path,
    sync::{Mutex, MutexGuard, PoisonError},
};

pub use builder::ServerBuilder;
use identity::Identity;
pub use identity::Kind;
use redis::{ToRedisArgs, Value};
use semver::Version;
use site::Site;

use crate::{Error, Result, port::ReservedPort, process::Process};

/// A running Redis or Valkey server on 127.0.0.1, in a directory of its own, both gone when it is
/// dropped.
///
/// The server also ends, within milliseconds, when the process that started it ends in any other
/// way, `SIGKILL` included. All methods take `&self`, so that a server can be shared with a task
/// that makes trouble.
///
/// ```no_run
/// # fn example() -> Result<(), testbed::Error> {
/// use testbed::Server;
///
/// let primary = Server::start()?;
/// let replica = Server::builder().replica_of(&primary).start()?;
/// primary.command(["SET", "answer", "42"])?;
/// primary.kill()?;
/// replica.command(["REPLICAOF", "NO", "ONE"])?;
/// # Ok(())
/// # }
/// ```
pub struct Server {
    // Dropped in this order: the process ends before its directory goes and its port is given back.
    process: Mutex<Option<Process>>,
    identity: Identity,
    site: Site,
}

impl Server {
    /// Starts a server with the defaults of [`Server::builder`], and returns when it is ready.
    ///
    /// # Errors
    ///
    /// See [`ServerBuilder::start`].
    pub fn start() -> Result<Self> {
        Self::builder().start()
    }

    /// Describes a server to be started: by default on a free port, without persistence.
    pub fn builder() -> ServerBuilder {
        ServerBuilder::default()
    }

    /// The server's address.
    #[must_use]
    pub fn addr(&self) -> SocketAddr {
        self.site.port.addr()
    }

    /// The server's port, the same for all its life.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.site.port.number()
    }

    /// The server's URL, `redis://127.0.0.1:<port>`, with the password if it has one.
    #[must_use]
    pub fn url(&self) -> String {
        self.site.url()
    }

    /// Where the server speaks TLS: `rediss://127.0.0.1:<port>`, with the password if it has one.
    /// `None` for a server that was made without a certificate.
    #[must_use]
    pub fn tls_url(&self) -> Option<String> {
        self.site.tls_url()
    }

    /// Where the server speaks TLS; `None` for one that was made without a certificate.
    #[must_use]
    pub fn tls_addr(&self) -> Option<SocketAddr> {
        self.site.tls_port.as_ref().map(ReservedPort::addr)
    }

    /// The port on which a cluster's node speaks with the others.
    pub(crate) fn bus_port(&self) -> Option<u16> {
        self.site.bus_port.as_ref().map(ReservedPort::number)
    }

    /// The server's working directory, where a Unix socket or a persistence file with a relative
    /// name ends up.
    #[must_use]
    pub fn directory(&self) -> &Path {
        self.site.directory.path()
    }

    /// Whether this is Redis or Valkey.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.identity.kind
    }

    /// The version of Redis, or of Valkey (not the Redis version that Valkey says it is compatible
    /// with).
    #[must_use]
    pub fn version(&self) -> &Version {
        &self.identity.version
    }

    /// The process id, or `None` while the server is not running.
    #[must_use]
    pub fn pid(&self) -> Option<u32> {
        self.process().as_ref().map(Process::pid)
    }

    /// Runs one command on a connection of its own and returns the answer.
    ///
    /// # Errors
    ///
    /// [`Error::Command`] when the server answers with an error, cannot be reached, or is silent
    /// for 10 seconds.
    pub fn command<A: ToRedisArgs>(&self, words: impl IntoIterator<Item = A>) -> Result<Value> {
        self.command_in(0, words)
    }

    /// Runs one command, as [`Server::command`] does, in this database.
    ///
    /// # Errors
    ///
    /// As [`Server::command`].
    pub fn command_in<A: ToRedisArgs>(
        &self,
        database: u32,
        words: impl IntoIterator<Item = A>,
    ) -> Result<Value> {
        let mut command = redis::Cmd::new();
        for word in words {
            command.arg(word);
        }
        let answer = self.site.query_in(database, &command);
        answer.map_err(|source| Error::Command {
            port: self.port(),
            command: name_of(&command),
            source,
        })
    }

    /// Removes everything from every database.
    ///
    /// # Errors
    ///
    /// As [`Server::command`].
    pub fn flush_all(&self) -> Result<()> {
        self.command(["FLUSHALL"]).map(drop)
    }

    /// Kills the server with `SIGKILL`. Its port stays reserved: connecting is refused until
    /// [`Server::restart`]. Killing a server that is not running does nothing.
    ///
    /// # Errors
    ///
    /// [`Error::Process`] when the process can not be killed.
    pub fn kill(&self) -> Result<()> {
        self.process().take().map_or(Ok(()), Process::kill)
    }

    /// Kills the server if it runs, and starts it again with the same port, directory and
    /// configuration. Returns when it answers.
    ///
    /// # Errors
    ///
    /// As [`ServerBuilder::start`]; the server is not running then.
    pub fn restart(&self) -> Result<()> {
        let mut running = self.process();
        running.take().map_or(Ok(()), Process::kill)?;
        let (process, _) = self.site.start()?;
        *running = Some(process);
        Ok(())
    }

    /// Stops the server in its tracks with `SIGSTOP`: connections stay open and nothing is
    /// answered. Returns when it has stopped.
    ///
    /// # Errors
    ///
    /// [`Error::NotRunning`] after [`Server::kill`]; [`Error::Process`] when the signal fails.
    pub fn pause(&self) -> Result<()> {
        self.with_process(Process::pause)
    }

    /// Lets a paused server go on, with `SIGCONT`.
    ///
    /// # Errors
    ///
    /// As [`Server::pause`].
    pub fn resume(&self) -> Result<()> {
        self.with_process(Process::resume)
    }

    /// Cuts a replica off for good, with a login that this server refuses: what is acknowledged from
    /// now on, the replica never hears of. It goes on following, so that nobody leads it back.
    ///
    /// # Errors
    ///
    /// As [`Server::command`].
    pub fn part_from(&self, replica: &Server) -> Result<()> {
        let login = [
            "CONFIG",
            "SET",
            "masteruser",
            "nobody",
            "masterauth",
            "none",
        ];
        replica.command(login)?;
        self.command(["CLIENT", "KILL", "TYPE", "replica"])
            .map(drop)
    }

    /// Takes back what [`Server::part_from`] did to this replica.
    ///
    /// # Errors
    ///
    /// As [`Server::command`].
    pub fn join_again(&self) -> Result<()> {
        let login = ["CONFIG", "SET", "masteruser", "", "masterauth", ""];
        self.command(login)?;
        // Sentinels have what is in force written down.
        self.command(["CONFIG", "REWRITE"]).map(drop)
    }

    fn process(&self) -> MutexGuard<'_, Option<Process>> {
        self.process.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn with_process(&self, act: impl FnOnce(&Process) -> Result<()>) -> Result<()> {
        match self.process().as_ref() {
            Some(process) => act(process),
            None => Err(Error::NotRunning { port: self.port() }),
        }
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server")
            .field("kind", &self.kind())
            .field("version", &self.identity.version)
            .field("addr", &self.addr())
            .field("pid", &self.pid())
            .finish_non_exhaustive()
    }
}

fn name_of(command: &redis::Cmd) -> String {
    match command.args_iter().next() {
        Some(redis::Arg::Simple(word)) => String::from_utf8_lossy(word).into_owned(),
        _ => "a command without a name".into(),
    }
}
