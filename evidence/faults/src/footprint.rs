//! What a run takes up, before the faults and after them.

use std::fs;

use anyhow::{Context as _, Result};
use tokio::runtime::Handle;

use crate::field::Field;

/// A page of memory, as `/proc` counts it on the machines this runs on.
const PAGE: u64 = 4096;
const MIB: u64 = 1024 * 1024;

/// Memory comes and goes with the allocator; so much more is no leak yet.
const MEMORY_MARGIN: u64 = 48 * MIB;

/// What is taken up.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(crate) struct Footprint {
    /// Connections on the server, the one that asks for them included.
    pub(crate) connections: u64,
    /// Tasks of this process.
    pub(crate) tasks: usize,
    /// Bytes of this process.
    pub(crate) memory: u64,
}

impl Footprint {
    pub(crate) async fn take(field: &Field) -> Result<Self> {
        let info = field.text(&["INFO", "clients"]).await?;
        let connections = info
            .lines()
            .find_map(|line| line.trim().strip_prefix("connected_clients:")?.parse().ok())
            .context("INFO clients does not tell connected_clients")?;
        let statm =
            fs::read_to_string("/proc/self/statm").context("cannot read /proc/self/statm")?;
        let pages: u64 = statm
            .split(' ')
            .nth(1)
            .and_then(|resident| resident.parse().ok())
            .context("/proc/self/statm does not tell the resident pages")?;
        Ok(Self {
            connections,
            tasks: Handle::current().metrics().num_alive_tasks(),
            memory: pages * PAGE,
        })
    }

    /// What there is more of than before, and should not be.
    pub(crate) fn leaks_since(&self, before: &Self) -> Vec<String> {
        let mut leaks = Vec::new();
        if self.connections > before.connections {
            leaks.push(format!(
                "{} connections on the server, {} before the faults",
                self.connections, before.connections
            ));
        }
        if self.tasks > before.tasks {
            leaks.push(format!(
                "{} tasks, {} before the faults",
                self.tasks, before.tasks
            ));
        }
        if self.memory > before.memory + MEMORY_MARGIN {
            leaks.push(format!(
                "{} MiB of memory, {} MiB before the faults",
                self.memory / MIB,
                before.memory / MIB
            ));
        }
        leaks
    }
}

impl std::fmt::Display for Footprint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{} connections, {} tasks, {} MiB",
            self.connections,
            self.tasks,
            self.memory / MIB
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BEFORE: Footprint = Footprint {
        connections: 9,
        tasks: 40,
        memory: 60 * MIB,
    };

    #[test]
    fn the_same_is_no_leak() {
        assert!(BEFORE.leaks_since(&BEFORE).is_empty());
        let less = Footprint {
            connections: 8,
            tasks: 39,
            memory: 90 * MIB,
        };
        assert!(less.leaks_since(&BEFORE).is_empty());
    }

    #[test]
    fn more_of_anything_is_one() {
        let more = Footprint {
            connections: 10,
            tasks: 41,
            memory: 200 * MIB,
        };
        assert_eq!(more.leaks_since(&BEFORE).len(), 3);
    }
}
