//! The server that the model explores and the simulation runs on, beside the scripts on a real one.
//!
//! What is shown of `unstale::evidence::core::Server` is worth something only if Redis and Valkey
//! do the same. So both are asked the same, step by step, by callers who know everything, little,
//! or what never happened; the same befalls both, and one clock hangs on both walls. After every
//! step their answers and whatever can be found out of their state have to be equal, to the
//! millisecond and the byte. A seed decides what is asked. README.md says what that found.
//!
//! What differs, and is not compared: the replication id, which is random on a server and counts
//! up in the hub. A log is trimmed to the entry here, because the server is configured to keep one
//! entry in each node. What is no text at all (a list under a record's key) exists on a server
//! only, and so do refusals: of a replica, of a full server, of a history that cannot be counted.

mod choices;
mod clock;
mod pair;
mod trouble;
mod walk;

pub use clock::Clock;
pub use walk::{Tally, Transport, walk};

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use testbed::{Server, Value, WallClocks};
use tokio::runtime::Runtime;

/// How long a server may take to look at its clock.
const PATIENCE: Duration = Duration::from_secs(10);

/// A real server, and the clock that it goes by.
pub struct Site {
    pub(crate) server: Server,
    pub(crate) clock: Clock,
    runtime: Runtime,
    // The clock's file is gone when this is.
    _clocks: WallClocks,
}

impl Site {
    /// Starts it. It belongs to the thread that does so.
    ///
    /// # Errors
    ///
    /// When there is no server, or no C compiler for its clock.
    pub fn start() -> Result<Self> {
        let clocks = WallClocks::make()?;
        let clock = Clock::new(clocks.clock("server")?);
        clock.turn_to(clock::START)?;
        let server = Server::builder()
            .wall_clock(clock.of_the_server())
            // Some servers look at their clock with each command, others so many times a second.
            .arg("hz", "500")
            // Trims to the entry, not to a node of a hundred.
            .arg("stream-node-max-entries", "1")
            .start()?;
        // What has expired is deleted when it is looked at, not some time before.
        server.command(["DEBUG", "SET-ACTIVE-EXPIRE", "0"])?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        Ok(Self {
            server,
            clock,
            runtime,
            _clocks: clocks,
        })
    }

    /// Turns the clock, and waits until the server has looked at it.
    pub(crate) fn turn_to(&self, millis: u64) -> Result<()> {
        self.clock.turn_to(millis)?;
        let gives_up = Instant::now() + PATIENCE;
        let time = [millis / 1000, millis % 1000 * 1000];
        let time = time.map(|number| Value::BulkString(number.to_string().into_bytes()));
        loop {
            let seen = self.server.command(["TIME"])?;
            if matches!(&seen, Value::Array(seen) if seen[..] == time) {
                return Ok(());
            }
            ensure!(
                Instant::now() < gives_up,
                "the server's clock stands at {seen:?}"
            );
        }
    }
}
