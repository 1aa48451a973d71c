use std::{ffi::OsString, fmt, num::NonZeroU32, path::PathBuf, time::Duration};

use clap::{Parser, value_parser};

/// Starts two instances of the demo service, replays a market feed against the first and reads from
/// the second.
#[derive(Debug, Clone, Parser)]
#[command(name = "realtime", version)]
pub struct Args {
    /// The ports of the two instances on the loopback interface; 0 takes any free one.
    #[arg(long, value_name = "A,B", value_delimiter = ',', num_args = 1.., default_values_t = [5080, 5081])]
    pub ports: Vec<u16>,

    /// The database that all instances share: postgres://USER:PASSWORD@HOST:PORT/DATABASE, or a
    /// SQLite file, which is made if it is not there. [default: unstale-realtime.db in the system's
    /// directory for temporary files]
    #[arg(
        long,
        value_name = "URL|FILE",
        env = "DATABASE_URL",
        hide_env_values = true
    )]
    pub database: Option<Location>,

    /// The cache's configuration, in the form of appsettings.json. [default: the one that comes
    /// with the service]
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,

    /// A Redis or Valkey server instead of the in-process hub, such as redis://localhost:6379.
    #[arg(
        long,
        value_name = "SERVER",
        env = "UNSTALE_REDIS",
        hide_env_values = true
    )]
    pub redis: Option<Server>,

    /// How many prices the market feed writes per second.
    #[arg(long, value_name = "N", default_value_t = 200, value_parser = value_parser!(u32).range(1..=100_000))]
    pub rate: u32,

    /// How many readers there are.
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = value_parser!(u32).range(0..=1_000))]
    pub readers: u32,

    /// How many requests each reader makes per second.
    #[arg(long, value_name = "N", default_value = "200")]
    pub read_rate: NonZeroU32,

    /// Starts the instances alone, without feed and readers.
    #[arg(long)]
    pub no_feed: bool,

    /// Stops after so many seconds instead of at Ctrl-C.
    #[arg(long, value_name = "N", value_parser = value_parser!(u64).range(1..))]
    pub seconds: Option<u64>,
}

/// A server's connection string. It may hold a password, so `Debug` does not show it.
#[derive(Clone)]
pub struct Server(String);

impl From<String> for Server {
    fn from(connection: String) -> Self {
        Self(connection)
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Server(..)")
    }
}

/// Where a database is. It may hold a password, so `Debug` does not show it.
#[derive(Clone)]
pub struct Location(OsString);

impl From<OsString> for Location {
    fn from(location: OsString) -> Self {
        Self(location)
    }
}

impl fmt::Debug for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Location(..)")
    }
}

impl Args {
    /// Where the database to use is. An empty variable is as good as none.
    pub fn database(&self) -> OsString {
        let given = self.database.as_ref().map(|Location(given)| given.clone());
        given
            .filter(|location| !location.is_empty())
            .unwrap_or_else(|| std::env::temp_dir().join("unstale-realtime.db").into())
    }

    /// The server to use. An empty variable is as good as none.
    pub fn redis(&self) -> Option<&str> {
        let server = self.redis.as_ref().map(|Server(server)| server.as_str());
        server.filter(|server| !server.is_empty())
    }

    /// How long to run; none means until Ctrl-C.
    pub fn duration(&self) -> Option<Duration> {
        self.seconds.map(Duration::from_secs)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_password_is_not_shown() {
        let (redis, database) = ("redis://:s3cret@localhost", "postgres://:s3cret@localhost");
        let args = Args::parse_from(["realtime", "--redis", redis, "--database", database]);
        assert_eq!(args.redis(), Some(redis));
        assert_eq!(args.database(), database);
        assert!(!format!("{args:?}").contains("s3cret"));
    }
}
