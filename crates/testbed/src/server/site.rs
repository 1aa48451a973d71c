//! Where a server lives: everything that outlasts its process.

use std::{ffi::OsString, path::PathBuf, time::Duration};

use tempfile::TempDir;

use super::identity::{Identity, field};
use crate::{
    Result,
    port::ReservedPort,
    process::{End, Launch, Process},
};

/// The server's configuration file in its directory.
pub(super) const CONFIGURATION: &str = "server.conf";

/// How long a server may take until it is ready: far more than it needs, for machines that are slow
/// or busy.
const READY_WITHIN: Duration = Duration::from_secs(30);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
const RESPONSE_TIMEOUT: Duration = Duration::from_secs(10);

// No `Debug`: a password must not get into a log.
pub(super) struct Site {
    pub(super) directory: TempDir,
    pub(super) program: PathBuf,
    pub(super) port: ReservedPort,
    /// Where the server speaks TLS, if it does.
    pub(super) tls_port: Option<ReservedPort>,
    /// Where a cluster's node speaks with the others, if it is one.
    pub(super) bus_port: Option<ReservedPort>,
    pub(super) password: Option<String>,
    pub(super) environment: Vec<(OsString, OsString)>,
    /// Whether this is a sentinel, and serves no data.
    pub(super) is_sentinel: bool,
}

impl Site {
    pub(super) fn url(&self) -> String {
        self.with_password(format!("redis://{}", self.port.addr()))
    }

    pub(super) fn tls_url(&self) -> Option<String> {
        let port = self.tls_port.as_ref()?;
        Some(self.with_password(format!("rediss://{}", port.addr())))
    }

    fn with_password(&self, plain: String) -> String {
        let with_password = self.password.as_deref().and_then(|password| {
            let mut url = url::Url::parse(&plain).ok()?;
            url.set_password(Some(password)).ok()?;
            Some(url.into())
        });
        with_password.unwrap_or(plain)
    }

    /// Runs one command on a connection of its own.
    pub(super) fn query<T>(&self, command: &redis::Cmd) -> redis::RedisResult<T>
    where
        T: redis::FromRedisValue,
    {
        self.query_in(0, command)
    }

    pub(super) fn query_in<T>(&self, database: u32, command: &redis::Cmd) -> redis::RedisResult<T>
    where
        T: redis::FromRedisValue,
    {
        let client = redis::Client::open(format!("{}/{database}", self.url()))?;
        let mut connection = client.get_connection_with_timeout(CONNECT_TIMEOUT)?;
        connection.set_read_timeout(Some(RESPONSE_TIMEOUT))?;
        connection.set_write_timeout(Some(RESPONSE_TIMEOUT))?;
        command.query(&mut connection)
    }

    /// Starts the server's process and waits until it answers, and is itself and no stranger on its
    /// port.
    pub(super) fn start(&self) -> Result<(Process, Identity)> {
        let arguments: &[&str] = if self.is_sentinel {
            &[CONFIGURATION, "--sentinel"]
        } else {
            &[CONFIGURATION]
        };
        let mut process = Process::spawn(&Launch {
            program: &self.program,
            arguments,
            directory: self.directory.path(),
            environment: &self.environment,
            account: None,
            end: End::Kill,
        })?;
        let pid = process.pid().to_string();
        let identity = process.await_answer(self.directory.path(), READY_WITHIN, || {
            self.query::<()>(&redis::cmd("PING")).map_err(in_words)?;
            let info = self.info("server")?;
            if field(&info, "process_id") != Some(pid.as_str()) {
                return Err("another server answers on its port".into());
            }
            Identity::from_info(&info)
        })?;
        Ok((process, identity))
    }

    /// Waits until a replica has copied its primary and follows it.
    pub(super) fn await_replication(&self, process: &mut Process) -> Result<()> {
        process.await_answer(self.directory.path(), READY_WITHIN, || {
            let info = self.info("replication")?;
            match field(&info, "master_link_status") {
                Some("up") => Ok(()),
                status => Err(format!(
                    "the link to its primary is {}",
                    status.unwrap_or("missing")
                )),
            }
        })
    }

    fn info(&self, section: &str) -> Result<String, String> {
        self.query(redis::cmd("INFO").arg(section))
            .map_err(in_words)
    }
}

fn in_words(error: redis::RedisError) -> String {
    error.to_string()
}
