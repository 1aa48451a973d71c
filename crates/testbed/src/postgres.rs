//! One Postgres server of its own.

mod programs;

use std::{
    fmt,
    fs::{self, OpenOptions, Permissions},
    io::Write as _,
    net::SocketAddr,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU32, Ordering::Relaxed},
    },
    time::Duration,
};

use programs::{Programs, in_directory};
use rustix::process::geteuid;
use tempfile::TempDir;

use crate::{
    Certificate, Error, Result,
    account::Account,
    port::ReservedPort,
    process::{End, Launch, Process},
};

/// The account that Debian's package makes, and that the server runs under where we are root.
const ACCOUNT: &str = "postgres";
/// The server's superuser.
const USER: &str = "unstale";
/// Its password, which has to be written otherwise in a URL.
const PASSWORD: &str = "p@ss/w:rd#%";

/// The database's files, in the server's directory.
const DATA: &str = "data";
/// Where its own settings stand, in its data.
const OWN: &str = "postgresql.auto.conf";
/// What it takes for its certificate and its key, there too.
const CERTIFICATE: &str = "server.crt";
const KEY: &str = "server.key";
/// Where it is told whom to let in, and how.
const LET_IN: &str = "pg_hba.conf";
const ONLY_WITH_TLS: &str = "hostssl all all all scram-sha-256\n";
/// Where a running server tells of itself, in its data.
const STATUS: &str = "postmaster.pid";

/// What every server of the test bed has in common. What it writes need not outlive the machine.
const CONFIGURATION: &str = "
listen_addresses = '127.0.0.1'
max_connections = 500
shared_buffers = 16MB
fsync = off
full_page_writes = off
synchronous_commit = off
log_min_messages = warning
";

const READY_WITHIN: Duration = Duration::from_secs(60);

/// A running Postgres server on 127.0.0.1, in a directory of its own, both gone when it is dropped.
///
/// It asks for a password. It also ends when the process that started it ends in any other way,
/// `SIGKILL` included. Postgres refuses to run as root; there it runs as the user `postgres`.
///
/// ```no_run
/// # fn example() -> Result<(), testbed::Error> {
/// use testbed::Postgres;
///
/// let server = Postgres::start()?;
/// let url = server.create_database()?;
/// assert!(url.starts_with("postgres://"));
/// # Ok(())
/// # }
/// ```
pub struct Postgres {
    // Dropped in this order: the process ends before its directory goes and its port is given back.
    process: Mutex<Option<Process>>,
    directory: TempDir,
    port: ReservedPort,
    programs: Programs,
    account: Option<Account>,
    databases: AtomicU32,
}

impl Postgres {
    /// Makes a server on a free port, starts it, and returns when it answers, which takes a second
    /// or two.
    ///
    /// The programs are those in the directory that the environment variable
    /// `UNSTALE_TEST_POSTGRES` names, else those beside the `initdb` on `PATH`.
    ///
    /// # Errors
    ///
    /// [`Error::NoPostgres`] when there are no programs, [`Error::NoAccount`] when this is root and
    /// there is nobody else to run the server as, [`Error::Failed`] when no database can be made,
    /// [`Error::Ended`] and [`Error::NotReady`] with the server's log when it does not come up.
    pub fn start() -> Result<Self> {
        Self::start_speaking(None)
    }

    /// The same for a server that speaks TLS with this certificate, and lets in nobody who does not.
    ///
    /// # Errors
    ///
    /// As [`Postgres::start`].
    pub fn start_with_tls(certificate: &Certificate) -> Result<Self> {
        Self::start_speaking(Some(certificate))
    }

    fn start_speaking(tls: Option<&Certificate>) -> Result<Self> {
        let programs = Programs::find()?;
        let account = geteuid()
            .is_root()
            .then(|| Account::named(ACCOUNT))
            .transpose()?;
        let directory = TempDir::with_prefix("unstale-postgres-").map_err(Error::Directory)?;
        let port = ReservedPort::any()?;
        let server = Self {
            process: Mutex::new(None),
            directory,
            port,
            programs,
            account,
            databases: AtomicU32::new(0),
        };
        server.initialise()?;
        if let Some(certificate) = tls {
            server.insist_on_tls(certificate)?;
        }
        server.restart()?;
        Ok(server)
    }

    /// Makes an empty database, and returns its URL.
    ///
    /// # Errors
    ///
    /// [`Error::Failed`] when the server does not answer.
    pub fn create_database(&self) -> Result<String> {
        let name = format!("unstale_{}", self.databases.fetch_add(1, Relaxed));
        let addr = self.addr();
        self.programs.run("createdb", |command| {
            in_directory(command, self.directory.path())
                .args(["--host", &addr.ip().to_string()])
                .args(["--port", &addr.port().to_string()])
                .args(["--username", USER, "--no-password"])
                .arg(&name)
                .env("PGPASSWORD", PASSWORD);
        })?;
        Ok(self.url(&name))
    }

    /// The URL of a database, with user and password, whether there is such a database or not.
    #[must_use]
    pub fn url(&self, database: &str) -> String {
        self.url_as(PASSWORD, database)
    }

    /// The URL of a database with another password than the right one.
    #[must_use]
    pub fn url_as(&self, password: &str, database: &str) -> String {
        let password: String = url::form_urlencoded::byte_serialize(password.as_bytes()).collect();
        format!("postgres://{USER}:{password}@{}/{database}", self.addr())
    }

    /// The server's password, so that a test can see that nobody shows it.
    #[must_use]
    pub fn password(&self) -> &'static str {
        PASSWORD
    }

    /// The server's address.
    #[must_use]
    pub fn addr(&self) -> SocketAddr {
        self.port.addr()
    }

    /// The directory with everything that belongs to the server.
    #[must_use]
    pub fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// Ends the server without a farewell to its clients. Its port stays reserved: connecting is
    /// refused until [`Postgres::restart`]. Nothing that was acknowledged is lost.
    ///
    /// # Errors
    ///
    /// [`Error::Process`] when the process cannot be ended.
    pub fn stop(&self) -> Result<()> {
        self.process().take().map_or(Ok(()), Process::kill)
    }

    /// Stops the server if it runs, and starts it again with the same port and databases. Returns
    /// when it answers.
    ///
    /// # Errors
    ///
    /// As [`Postgres::start`]; the server is not running then.
    pub fn restart(&self) -> Result<()> {
        let mut running = self.process();
        running.take().map_or(Ok(()), Process::kill)?;
        let mut process = Process::spawn(&Launch {
            program: &self.programs.path("postgres"),
            arguments: &["-D", DATA],
            directory: self.directory.path(),
            environment: &[("LC_ALL".into(), "C".into())],
            account: self.account,
            end: End::Quit,
        })?;
        self.await_ready(&mut process)?;
        *running = Some(process);
        Ok(())
    }

    fn initialise(&self) -> Result<()> {
        let password = self.directory.path().join("password");
        fs::write(&password, PASSWORD).map_err(Error::Directory)?;
        if let Some(account) = self.account {
            account.give(self.directory.path())?;
            account.give(&password)?;
        }
        self.programs.run("initdb", |command| {
            in_directory(command, self.directory.path())
                .args(["--pgdata", DATA, "--username", USER, "--pwfile", "password"])
                .args(["--auth", "scram-sha-256", "--encoding", "UTF8"])
                .args(["--locale", "C", "--no-sync"]);
            if let Some(account) = self.account {
                account.apply(command);
            }
        })?;
        let own = format!(
            "port = {}\nunix_socket_directories = '{}'\n",
            self.port.number(),
            self.directory.path().display()
        );
        let file = self.directory.path().join(DATA).join(OWN);
        fs::write(file, format!("{CONFIGURATION}{own}")).map_err(Error::Directory)
    }

    /// The server takes no key that is anybody else's.
    fn insist_on_tls(&self, certificate: &Certificate) -> Result<()> {
        let data = self.directory.path().join(DATA);
        let pairs = [
            (&certificate.certificate, CERTIFICATE),
            (&certificate.key, KEY),
        ];
        for (from, name) in pairs {
            let to = data.join(name);
            fs::copy(from, &to).map_err(Error::Directory)?;
            fs::set_permissions(&to, Permissions::from_mode(0o600)).map_err(Error::Directory)?;
            if let Some(account) = self.account {
                account.give(&to)?;
            }
        }
        let own = OpenOptions::new().append(true).open(data.join(OWN));
        own.and_then(|mut file| file.write_all(b"ssl = on\n"))
            .and_then(|()| fs::write(data.join(LET_IN), ONLY_WITH_TLS))
            .map_err(Error::Directory)
    }

    /// Waits until the server says that it takes connections, and not another one before it.
    fn await_ready(&self, process: &mut Process) -> Result<()> {
        let status = self.status();
        let pid = process.pid().to_string();
        process.await_answer(self.directory.path(), READY_WITHIN, || {
            let said = fs::read_to_string(&status).unwrap_or_default();
            let mut lines = said.lines().map(str::trim);
            if lines.next() == Some(&pid) && lines.nth(6) == Some("ready") {
                Ok(())
            } else {
                Err(format!("{STATUS} does not say `ready`"))
            }
        })
    }

    fn status(&self) -> PathBuf {
        self.directory.path().join(DATA).join(STATUS)
    }

    fn process(&self) -> MutexGuard<'_, Option<Process>> {
        self.process.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Postgres {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Postgres")
            .field("addr", &self.addr())
            .field("pid", &self.process().as_ref().map(Process::pid))
            .finish_non_exhaustive()
    }
}
