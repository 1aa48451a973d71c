//! Starts real Redis, Valkey and Postgres servers, and a fault proxy in front of them, for tests and
//! benchmarks.
//!
//! * [`Server`] is one server process of its own on a free port: it can be killed, restarted,
//!   paused, replicated and watched by sentinels, and it never outlives the process that started it, however that process
//!   ends.
//! * [`Cluster`] is three primaries and three replicas of them, among which slots are moved.
//! * [`Watched`] is a primary, two replicas, and three sentinels that know them.
//! * [`Postgres`] is the same of a database server.
//! * [`Proxy`] stands between a client and a server and cuts, silences, stalls or delays what
//!   passes.
//! * [`Authority`] issues certificates, for servers that speak TLS and for their clients.
//! * [`WallClocks`] makes wall clocks that can be turned, and that a server can be made to go by.
//! * [`ReservedPort`] is a port for any other program that a test starts.
//! * [`eventually`] waits for a condition by polling, with a deadline, so that no test needs a
//!   fixed sleep.
//!
//! ```no_run
//! use std::time::Duration;
//! use testbed::{Direction, Proxy, Server, eventually};
//!
//! # async fn example() -> Result<(), testbed::Error> {
//! let server = Server::start()?;
//! let proxy = Proxy::start(server.addr()).await?;
//! // The client under test is connected to `proxy.url()`. Now the server hears it, and it hears
//! // nothing.
//! proxy.stall(Direction::ToClient);
//! eventually("the command reached the server", Duration::from_secs(5), || async {
//!     proxy.passed(Direction::ToServer) > 0
//! })
//! .await;
//! proxy.heal()?;
//! # Ok(())
//! # }
//! ```
//!
//! The calls on [`Server`] block the calling thread, some for as long as a server takes to start.
//! In a test on a single-threaded runtime everything else stands still meanwhile; use the
//! multi-threaded flavour where that matters.

mod account;
mod agreement;
mod certificates;
mod cluster;
mod error;
mod eventually;
mod port;
mod postgres;
mod process;
mod proxy;
mod server;
mod wall_clock;
mod watched;

pub use certificates::{Authority, Certificate};
pub use cluster::{Cluster, SlotMove};
pub use error::{Error, Result};
pub use eventually::{Condition, eventually};
pub use port::ReservedPort;
pub use postgres::Postgres;
pub use proxy::{Direction, Proxy};
pub use redis::Value;
pub use semver::Version;
pub use server::{Kind, Server, ServerBuilder};
pub use wall_clock::{WallClock, WallClocks};
pub use watched::Watched;
