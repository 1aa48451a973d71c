//! Generates write-heavy workloads against caches, and measures what the caches make of them.
//!
//! Several instances of a service read and write the rows of one database, each through its own
//! cache. Which rows, how often, and read or written is drawn beforehand as a [`Trace`], so that
//! different caches can be given the same one. Every row carries a version: a read that returns an
//! older one than it may is counted as stale, whoever served it.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use std::time::Duration;
//! use unstale::{Config, Hub};
//! use workload::{Offer, Plan, Preset, Unstale};
//!
//! let preset = Preset::named("inventory")?;
//! let instances = Unstale::on_hub(&Hub::new(), Config::default(), 2, preset.ttl).await?;
//! let mut plan = Plan::new(preset);
//! plan.offer = Offer::Workers(4);
//! plan.span = Duration::from_millis(100);
//! let report = workload::run(&plan, &instances, |progress| eprintln!("{progress}")).await?;
//! println!("{report}");
//! # Ok(()) }
//! ```

mod arrivals;
mod database;
mod delay;
mod drive;
mod error;
mod instances;
mod keyspace;
mod latency;
mod oracle;
mod plan;
mod preset;
mod progress;
mod registers;
mod report;
mod subject;
mod tables;
mod tally;
mod trace;

pub use delay::Delay;
pub use drive::run;
pub use error::WorkloadError;
pub use instances::Unstale;
pub use keyspace::{Group, Keyspace, Names};
pub use latency::Percentiles;
pub use plan::{Offer, Plan};
pub use preset::Preset;
pub use progress::Progress;
pub use report::{Origins, Report, Staleness};
pub use subject::{Origin, Propagation, Read, Removal, Row, Subject};
pub use trace::{Operation, Trace};
