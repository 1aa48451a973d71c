//! What the command line may say.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};
use clap_complete::Shell;

/// Looks after the caches of a service: who is there, what goes through the log, what is stored, what
/// is wrong; and removes by hand, with the same guarantees as the service itself.
#[derive(Debug, Parser)]
#[command(name = "unstale", version, after_help = EXIT_CODES, max_term_width = 100)]
pub(crate) struct Arguments {
    /// Answers in JSON: one document, or one a line where it goes on
    #[arg(long, global = true)]
    pub(crate) json: bool,

    #[command(flatten)]
    pub(crate) target: Target,

    #[command(subcommand)]
    pub(crate) command: Command,
}

const EXIT_CODES: &str = "\
The settings are those of the service: from its configuration file, its environment variables
(Unstale__Redis__Configuration), or the options above, of which a later one overrides an earlier.

Exit codes:
  0  all is well
  1  something is not: a finding, an instance that is silent or behind, a stale read; or you said no
  2  the command line or the configuration is wrong
  3  the server cannot be reached, or the connection was lost
  4  the server refuses: the login, a command, a right
  5  there is nothing: no such namespace, no such key
  6  a removal was not confirmed in time
  130  interrupted";

/// Which caches this is about.
#[derive(Debug, Args)]
#[command(next_help_heading = "Which caches")]
pub(crate) struct Target {
    /// The service's configuration; a later file overrides an earlier one
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) config: Vec<PathBuf>,

    /// The server, such as redis://localhost:6379 or localhost:6379,password=…
    #[arg(
        long,
        global = true,
        value_name = "SERVER",
        env = "UNSTALE_REDIS",
        hide_env_values = true
    )]
    pub(crate) redis: Option<Server>,

    /// A file with the password and nothing else
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) password_file: Option<PathBuf>,

    /// A PEM file with the authorities that may vouch for the server, instead of the system's
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) certificate_authority: Option<PathBuf>,

    /// A PEM file with the certificate that the server asks for
    #[arg(long, global = true, value_name = "FILE", requires = "client_key")]
    pub(crate) client_certificate: Option<PathBuf>,

    /// A PEM file with the private key of that certificate
    #[arg(
        long,
        global = true,
        value_name = "FILE",
        requires = "client_certificate"
    )]
    pub(crate) client_key: Option<PathBuf>,

    /// The namespace (InstanceName)
    #[arg(long, global = true, value_name = "NAME")]
    pub(crate) namespace: Option<String>,

    /// How many partitions the keys are divided into (Redis:Partitions)
    #[arg(long, global = true, value_name = "N")]
    pub(crate) partitions: Option<u32>,

    /// The Stream that carries the log (StreamName)
    #[arg(long, global = true, value_name = "NAME", conflicts_with = "pubsub")]
    pub(crate) stream: Option<String>,

    /// The Pub/Sub channel that carries the log instead (PubSubChannel)
    #[arg(long, global = true, value_name = "CHANNEL", num_args = 0..=1,
        require_equals = true, default_missing_value = "cache:invalidations")]
    pub(crate) pubsub: Option<String>,
}

/// A server's connection string. It may hold a password, so `Debug` does not show it.
#[derive(Clone)]
pub(crate) struct Server(pub(crate) String);

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

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Lists the instances: where they are, how far behind, whether they are well
    Instances,

    /// Looks for what can go wrong, and says what to do about it
    Doctor {
        /// For how many milliseconds the rate of removals is observed
        #[arg(long, value_name = "MS", default_value_t = 1_000, value_parser = clap::value_parser!(u64).range(1..=600_000))]
        sample: u64,
    },

    /// Prints the ACL rules of a user who may do what the service needs, and nothing else
    Acl {
        /// How the user is called
        user: String,
    },

    /// Shows all instances as they are now; once, where there is no terminal
    Top {
        /// How many milliseconds lie between two looks
        #[arg(long, value_name = "MS", default_value_t = 1_000, value_parser = clap::value_parser!(u64).range(100..=600_000))]
        every: u64,
    },

    /// Shows the log as it happens
    Tail(Which),

    /// Shows what is stored under a key, and whether it would be served
    Inspect {
        /// The key, as the service writes it
        key: String,
    },

    /// Invalidates keys, patterns or tags on every instance
    Remove(What),

    /// Invalidates everything in the namespace on every instance
    Clear {
        /// Does not ask
        #[arg(long, short)]
        yes: bool,
    },

    /// Runs a workload against the server, in a namespace of its own
    Bench(Load),

    /// Prints completions for a shell
    Completions {
        /// Which shell
        shell: Shell,
    },
}

/// Which entries of the log are shown.
#[derive(Debug, Args)]
pub(crate) struct Which {
    /// Only entries with a key that matches, such as stock:price:*; removals by pattern or tag
    /// are always shown, since they may concern any key
    #[arg(long, short, value_name = "PATTERN")]
    pub(crate) pattern: Vec<String>,

    /// Begins with the oldest entry that the log still has
    #[arg(long)]
    pub(crate) all: bool,

    /// Stops after so many entries
    #[arg(long, short = 'n', value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) limit: Option<u64>,

    /// Stops after so many seconds instead of at Ctrl-C
    #[arg(long, value_name = "N")]
    seconds: Option<u32>,
}

impl Which {
    pub(crate) fn span(&self) -> Option<Duration> {
        self.seconds
            .map(|seconds| Duration::from_secs(seconds.into()))
    }
}

/// What is removed.
#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("what").required(true).multiple(true))]
pub(crate) struct What {
    /// Keys, as the service writes them
    #[arg(value_name = "KEY", group = "what")]
    pub(crate) keys: Vec<String>,

    /// All keys that match; `*` is any text
    #[arg(long, short, value_name = "PATTERN", group = "what")]
    pub(crate) pattern: Vec<String>,

    /// All values that carry this tag
    #[arg(long, short, value_name = "TAG", group = "what")]
    pub(crate) tag: Vec<String>,

    /// Does not ask
    #[arg(long, short)]
    pub(crate) yes: bool,
}

/// What `bench` runs.
#[derive(Debug, Args)]
pub(crate) struct Load {
    /// Which workload: stock-prices, documents, feed, inventory, one-to-one, or of production
    /// caches twitter-cluster14 and others
    #[arg(long, value_name = "NAME", default_value = "stock-prices")]
    pub(crate) preset: String,

    /// For how long
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=3_600))]
    pub(crate) seconds: u64,

    /// On how many instances, all in this process
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = clap::value_parser!(u16).range(1..=64))]
    pub(crate) instances: u16,

    /// With how many workers for each instance, as fast as they can
    #[arg(long, value_name = "N", default_value_t = 16, value_parser = clap::value_parser!(u16).range(1..=4_096))]
    pub(crate) workers: u16,

    /// At so many operations per second instead
    #[arg(long, value_name = "N", conflicts_with = "workers", value_parser = clap::value_parser!(u32).range(1..=10_000_000))]
    pub(crate) rate: Option<u32>,

    /// With another ratio of reads to writes, such as 10:1
    #[arg(long, value_name = "R:W")]
    pub(crate) ratio: Option<String>,

    /// Does not ask
    #[arg(long, short)]
    pub(crate) yes: bool,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn the_password_is_not_shown() {
        let line = [
            "unstale",
            "--redis",
            "redis://:s3cret@localhost",
            "instances",
        ];
        let arguments = Arguments::parse_from(line);
        assert!(!format!("{arguments:?}").contains("s3cret"));
    }
}
