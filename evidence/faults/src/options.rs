//! What can be asked for on the command line.

use std::{fmt, time::Duration};

use clap::{Parser, ValueEnum};
use serde::{Deserialize, Serialize};

use crate::field::Setup;

/// Two for each primary.
const PARTITIONS_OF_A_CLUSTER: u32 = 6;

/// Break real servers, networks and instances on purpose, and judge every read meanwhile
///
/// Several instances of the cache read and remove the same few keys, each behind a fault proxy of
/// its own, while the schedule that the seed determines breaks one thing after the other. A checker
/// that knows every write judges every read. `cargo xtask faults --server redis|valkey|PATH` chooses
/// the server, and finds or gets one.
#[derive(Parser, Debug)]
#[command(name = "faults", bin_name = "cargo xtask faults")]
pub(crate) struct Options {
    /// How long to run
    #[arg(long, value_name = "N", default_value_t = 60, conflicts_with = "reads")]
    pub(crate) seconds: u64,

    /// Run until so many reads have been judged, in the place of --seconds
    #[arg(long, value_name = "N")]
    pub(crate) reads: Option<u64>,

    /// What fixes the schedule: which fault, when, on whom, for how long; random if left out
    #[arg(long, value_name = "S")]
    pub(crate) seed: Option<u64>,

    /// What carries the log of invalidations
    #[arg(long, value_enum, default_value_t = Transport::Streams)]
    pub(crate) transport: Transport,

    /// What the instances keep their things on
    #[arg(long, value_enum, default_value_t = Topology::Single)]
    pub(crate) topology: Topology,

    /// Into how many partitions the keys are divided: on a cluster, 6 if it is left out; elsewhere 1
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=64))]
    pub(crate) partitions: Option<u32>,

    /// How many instances run as tasks of this process
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=16))]
    pub(crate) instances: u32,

    /// How many instances run as processes of their own
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(0..=8))]
    pub(crate) processes: u32,

    /// Only faults whose names contain this; may be given several times
    #[arg(long, value_name = "FAULT")]
    pub(crate) only: Vec<String>,

    /// Only faults whose names do not contain this; may be given several times
    #[arg(long, value_name = "FAULT")]
    pub(crate) except: Vec<String>,

    /// Say what came of every single fault
    #[arg(long, short)]
    pub(crate) verbose: bool,

    /// List the faults and end
    #[arg(long)]
    pub(crate) list: bool,

    /// What is judged: with `cache-aside` the run has to fail, or it proves nothing
    #[arg(long, value_enum, default_value_t = SubjectKind::Unstale)]
    pub(crate) subject: SubjectKind,

    /// Be an instance that takes its orders from this socket
    #[arg(long, value_name = "SOCKET", hide = true)]
    pub(crate) child: Option<std::path::PathBuf>,
}

/// What carries the log.
#[derive(Copy, Clone, Debug, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
pub(crate) enum Transport {
    Streams,
    #[value(name = "pubsub")]
    PubSub,
}

/// Which servers there are.
#[derive(Copy, Clone, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Topology {
    /// One server, each instance behind a fault proxy.
    Single,
    /// A primary, two replicas, and three sentinels that know the primary. There are no proxies, and no
    /// faults of the network.
    Sentinel,
    /// Three primaries and three replicas, which are reached as they announce themselves: there are no
    /// proxies, and no faults of the network.
    Cluster,
}

/// What is under test.
#[derive(Copy, Clone, Debug, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
pub(crate) enum SubjectKind {
    /// This library.
    Unstale,
    /// A copy in memory, GET, load, SET and DEL, as it is usually written by hand.
    CacheAside,
}

/// When to stop.
#[derive(Copy, Clone, Debug)]
pub(crate) enum Budget {
    Time(Duration),
    Reads(u64),
}

impl Options {
    pub(crate) fn setup(&self) -> Setup {
        Setup {
            topology: self.topology,
            transport: self.transport,
            partitions: self.partitions.unwrap_or(match self.topology {
                Topology::Cluster => PARTITIONS_OF_A_CLUSTER,
                Topology::Single | Topology::Sentinel => 1,
            }),
            subject: self.subject,
            tasks: self.instances,
            processes: self.processes,
        }
    }

    /// Whether a fault of this name is wanted.
    pub(crate) fn wants(&self, fault: &str) -> bool {
        let is_in = |parts: &[String]| parts.iter().any(|part| fault.contains(part));
        (self.only.is_empty() || is_in(&self.only)) && !is_in(&self.except)
    }

    pub(crate) fn budget(&self) -> Budget {
        match self.reads {
            Some(reads) => Budget::Reads(reads),
            None => Budget::Time(Duration::from_secs(self.seconds)),
        }
    }
}

impl fmt::Display for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Transport::Streams => "Streams",
            Transport::PubSub => "Pub/Sub",
        })
    }
}
