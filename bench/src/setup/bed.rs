//! A server and a runtime for one row.

use anyhow::{Context as _, Result};
use testbed::Server;
use tokio::runtime::{Builder, Runtime};

/// A server and a runtime of their own: what one row does is over when the next one begins.
pub struct Bed {
    runtime: Runtime,
    server: Server,
}

impl Bed {
    /// Starts both. The runtime has two threads on every machine, so that figures can be compared.
    ///
    /// # Errors
    /// When there is no server to start.
    pub fn start() -> Result<Self> {
        let runtime = Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .context("cannot start a runtime")?;
        Ok(Self {
            runtime,
            server: Server::start()?,
        })
    }

    /// Runs this to its end.
    pub fn block_on<T>(&self, work: impl Future<Output = T>) -> T {
        self.runtime.block_on(work)
    }

    /// Where the server is.
    pub fn url(&self) -> String {
        self.server.url()
    }

    /// The server.
    pub fn server(&self) -> &Server {
        &self.server
    }

    /// The processor time that the server has used so far, in nanoseconds.
    ///
    /// # Errors
    /// When the server does not say.
    pub fn server_time(&self) -> Result<f64> {
        let seconds = |name| self.told("cpu", name);
        Ok((seconds("used_cpu_user")? + seconds("used_cpu_sys")?) * 1e9)
    }

    /// What the server has sent so far, in bytes.
    ///
    /// # Errors
    /// When the server does not say.
    pub fn server_sent(&self) -> Result<f64> {
        self.told("stats", "total_net_output_bytes")
    }

    /// How many connections the server has, without the one that asks.
    ///
    /// # Errors
    /// When the server does not say.
    pub fn connections(&self) -> Result<f64> {
        Ok(self.told("clients", "connected_clients")? - 1.0)
    }

    /// A figure that the server tells of itself.
    fn told(&self, section: &str, name: &str) -> Result<f64> {
        let info = self.server.command(["INFO", section])?;
        let info: String = redis::FromRedisValue::from_redis_value(info)
            .with_context(|| format!("INFO {section} is no text"))?;
        let line = info.lines().find_map(|line| line.strip_prefix(name));
        line.and_then(|rest| rest.strip_prefix(':'))
            .and_then(|figure| figure.trim().parse().ok())
            .with_context(|| format!("INFO {section} does not tell {name}"))
    }
}
