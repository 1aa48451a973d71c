//! Describes a server and starts it.

use std::{ffi::OsString, fmt::Write as _, fs, sync::Mutex};

use tempfile::TempDir;

use super::{
    Server, binary,
    site::{CONFIGURATION, Site},
};
use crate::{Authority, Certificate, Error, Result, WallClock, port::ReservedPort};

/// How often a server is started on another free port when its own was taken at the last moment.
const ATTEMPTS: usize = 5;

/// What every server of the test bed has in common; [`ServerBuilder::arg`] overrides it.
const DEFAULTS: &str = "\
bind 127.0.0.1
daemonize no
save \"\"
appendonly no
always-show-logo no
enable-debug-command local
# A replica is fed at once instead of after five seconds.
repl-diskless-sync-delay 0
";

/// What the nodes of a cluster have in common. A replica follows its own primary and no other, and
/// takes its place however long it has not heard of it.
const NODE: &str = "\
cluster-enabled yes
cluster-announce-ip 127.0.0.1
cluster-node-timeout 2000
cluster-allow-replica-migration no
cluster-replica-validity-factor 0
";

/// What Valkey and Redis say who were built without TLS.
const WITHOUT_TLS: [&str; 2] = ["Failed finding TLS support", ">>> 'tls-"];

/// Describes a server to be started. Made by [`Server::builder`].
#[derive(Clone, Default)]
#[must_use = "nothing runs until `start` is called"]
pub struct ServerBuilder {
    port: u16,
    password: Option<String>,
    directives: String,
    environment: Vec<(OsString, OsString)>,
    follows: bool,
    tls: bool,
    is_sentinel: bool,
    is_node: bool,
}

impl ServerBuilder {
    /// Adds a line to the server's configuration file: a directive and its value, as they are
    /// written there. A later one overrides an earlier one and the test bed's own. For a password
    /// use [`ServerBuilder::password`].
    pub fn arg(mut self, directive: &str, value: &str) -> Self {
        // Writing to a `String` does not fail.
        let _ = writeln!(self.directives, "{directive} {value}");
        self
    }

    /// Starts the server with this environment variable, beside those of this process.
    pub fn env(mut self, name: impl Into<OsString>, value: impl Into<OsString>) -> Self {
        self.environment.push((name.into(), value.into()));
        self
    }

    /// Starts the server with this clock on its wall.
    pub fn wall_clock(self, clock: &WallClock) -> Self {
        let variables = clock.environment().into_iter();
        variables.fold(self, |builder, (name, value)| builder.env(name, value))
    }

    /// Uses this port instead of a free one.
    pub fn port(mut self, port: u16) -> Self {
        self.port = port;
        self
    }

    /// Asks clients for a password. [`Server::url`] carries it.
    pub fn password(mut self, password: &str) -> Self {
        self.password = Some(password.to_owned());
        self.arg("requirepass", &quoted(password))
    }

    /// Lets the server speak TLS on a second port, with this certificate: see [`Server::tls_url`].
    pub fn tls(mut self, certificate: &Certificate) -> Self {
        self.tls = true;
        self.arg("tls-cert-file", &certificate.certificate.to_string_lossy())
            .arg("tls-key-file", &certificate.key.to_string_lossy())
            .arg("tls-auth-clients", "no")
    }

    /// Asks clients that speak TLS for a certificate of this authority. After
    /// [`ServerBuilder::tls`].
    pub fn tls_clients_of(self, authority: &Authority) -> Self {
        self.arg(
            "tls-ca-cert-file",
            &authority.certificate().to_string_lossy(),
        )
        .arg("tls-auth-clients", "yes")
    }

    /// Keeps the data over a [`Server::restart`], in an append-only file.
    ///
    /// Everything acknowledged survives the death of the process, because each write has been
    /// handed to the system before it is answered; it is not forced to the disk.
    pub fn persistent(self) -> Self {
        self.arg("appendonly", "yes").arg("appendfsync", "no")
    }

    /// Makes the server a replica of `primary`. It is ready when it has copied the primary and
    /// follows it.
    pub fn replica_of(mut self, primary: &Server) -> Self {
        self.follows = true;
        let addr = primary.addr();
        self = self.arg("replicaof", &format!("{} {}", addr.ip(), addr.port()));
        match primary.site.password.as_deref() {
            Some(password) => self.arg("masterauth", &quoted(password)),
            None => self,
        }
    }

    /// Makes the server a sentinel of `primary` and its replicas, under the name `service`: it
    /// promotes a replica when `quorum` sentinels have not heard of the primary for a second, and
    /// votes again six seconds after a vote that elected nobody.
    ///
    /// After [`ServerBuilder::tls`] it speaks TLS with a primary that does so too, and tells where it
    /// does.
    pub fn sentinel_of(mut self, primary: &Server, service: &str, quorum: u32) -> Self {
        self.is_sentinel = true;
        let encrypted = primary.tls_addr().filter(|_| self.tls);
        if encrypted.is_some() {
            self = self.arg("tls-replication", "yes");
        }
        let addr = encrypted.unwrap_or(primary.addr());
        let watched = format!("{service} {} {} {quorum}", addr.ip(), addr.port());
        let password = primary.site.password.as_deref();
        self = self
            .arg("sentinel monitor", &watched)
            .arg(
                "sentinel down-after-milliseconds",
                &format!("{service} 1000"),
            )
            .arg("sentinel failover-timeout", &format!("{service} 3000"));
        match password {
            Some(password) => self.arg(
                "sentinel auth-pass",
                &format!("{service} {}", quoted(password)),
            ),
            None => self,
        }
    }

    /// Makes the server a node of a cluster, which is alone and owns no slot until a
    /// [`Cluster`](crate::Cluster) is made of it and others.
    pub(crate) fn node(mut self) -> Self {
        self.is_node = true;
        self.directives.insert_str(0, NODE);
        self
    }

    /// Starts the server and returns when it answers (as a replica: when it follows its primary).
    ///
    /// The program is the one that the environment variable `UNSTALE_TEST_SERVER` names, else
    /// `redis-server` or `valkey-server` from `PATH`.
    ///
    /// # Errors
    ///
    /// [`Error::NoServer`] and [`Error::NotAProgram`] when there is no program to start,
    /// [`Error::Port`] when the port is taken, [`Error::Ended`] and [`Error::NotReady`] with the
    /// server's log when it does not come up.
    pub fn start(&self) -> Result<Server> {
        let mut attempt = 1;
        loop {
            match self.start_once() {
                Err(Error::Ended { log, .. })
                    if self.port == 0
                        && attempt < ATTEMPTS
                        && log.contains("Address already in use") =>
                {
                    attempt += 1;
                }
                result => return result,
            }
        }
    }

    /// Starts a server that speaks TLS. `None`, said on stderr, where its program was built without:
    /// what needs it is left out then.
    ///
    /// # Errors
    ///
    /// As [`ServerBuilder::start`].
    pub fn start_with_tls(&self) -> Result<Option<Server>> {
        match self.start() {
            Err(Error::Ended { log, .. }) if WITHOUT_TLS.iter().any(|said| log.contains(said)) => {
                eprintln!("left out: this server was built without TLS");
                Ok(None)
            }
            result => result.map(Some),
        }
    }

    fn start_once(&self) -> Result<Server> {
        let program = binary::find()?;
        let port = ReservedPort::reserve(self.port)?;
        let tls_port = self.tls.then(ReservedPort::any).transpose()?;
        let bus_port = self.is_node.then(ReservedPort::any).transpose()?;
        let directory = TempDir::with_prefix("unstale-server-").map_err(Error::Directory)?;
        let mut configuration = format!("{DEFAULTS}port {}\n{}", port.number(), self.directives);
        if let Some(tls_port) = &tls_port {
            let _ = writeln!(configuration, "tls-port {}", tls_port.number());
        }
        if let Some(bus_port) = &bus_port {
            let _ = writeln!(configuration, "cluster-port {}", bus_port.number());
        }
        fs::write(directory.path().join(CONFIGURATION), configuration).map_err(Error::Directory)?;
        let site = Site {
            directory,
            program,
            port,
            tls_port,
            bus_port,
            password: self.password.clone(),
            environment: self.environment.clone(),
            is_sentinel: self.is_sentinel,
        };
        let (mut process, identity) = site.start()?;
        if self.follows {
            site.await_replication(&mut process)?;
        }
        Ok(Server {
            process: Mutex::new(Some(process)),
            identity,
            site,
        })
    }
}

fn quoted(value: &str) -> String {
    format!("\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\""))
}
