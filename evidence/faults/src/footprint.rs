//! What a run takes up, before the faults and after them.

use std::{fs, time::Duration};

use anyhow::{Context as _, Result};
use serde::{Deserialize, Serialize};
use tokio::{
    runtime::Handle,
    time::{Instant, sleep},
};

use crate::{fault::Whom, field::Field};

/// A page of memory, as `/proc` counts it on the machines this runs on.
const PAGE: u64 = 4096;
const MIB: u64 = 1024 * 1024;

/// Memory comes and goes with the allocator; so much more of a process is no leak yet.
const MEMORY_MARGIN: u64 = 48 * MIB;

const LOOKS: u32 = 10;
const PAUSE: Duration = Duration::from_millis(15);
const PATIENCE: Duration = Duration::from_secs(10);

/// What is taken up.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(crate) struct Footprint {
    /// Connections on the server, the one that asks for them included.
    pub(crate) connections: u64,
    /// By this process and those of instances.
    pub(crate) usage: Usage,
    /// How many processes these are.
    pub(crate) processes: u64,
}

/// What a process takes up.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Usage {
    pub(crate) tasks: usize,
    /// In bytes.
    pub(crate) memory: u64,
}

impl Usage {
    /// Of this process.
    pub(crate) fn here() -> Result<Self> {
        let statm =
            fs::read_to_string("/proc/self/statm").context("cannot read /proc/self/statm")?;
        let pages: u64 = statm
            .split(' ')
            .nth(1)
            .and_then(|resident| resident.parse().ok())
            .context("/proc/self/statm does not tell the resident pages")?;
        Ok(Self {
            tasks: Handle::current().metrics().num_alive_tasks(),
            memory: pages * PAGE,
        })
    }

    fn and(self, other: Self) -> Self {
        Self {
            tasks: self.tasks + other.tasks,
            memory: self.memory + other.memory,
        }
    }
}

impl Footprint {
    /// What is taken up all the time: the least of several looks, because commands and tasks come
    /// and go with the workload.
    pub(crate) async fn take(field: &Field) -> Result<Self> {
        let mut least = Self::look(field).await?;
        for _ in 1..LOOKS {
            sleep(PAUSE).await;
            least = least.min(Self::look(field).await?);
        }
        Ok(least)
    }

    /// The same, once it is no more than before, which a leak never is. A busy machine may not come to
    /// an end of what the workload has begun within so few looks.
    pub(crate) async fn back_to(before: &Self, field: &Field) -> Result<Self> {
        let mut least = Self::take(field).await?;
        let gives_up = Instant::now() + PATIENCE;
        while !least.leaks_since(before).is_empty() && Instant::now() < gives_up {
            sleep(PAUSE).await;
            least = least.min(Self::look(field).await?);
        }
        Ok(least)
    }

    fn min(self, other: Self) -> Self {
        Self {
            connections: self.connections.min(other.connections),
            usage: Usage {
                tasks: self.usage.tasks.min(other.usage.tasks),
                memory: self.usage.memory.min(other.usage.memory),
            },
            processes: self.processes,
        }
    }

    async fn look(field: &Field) -> Result<Self> {
        let connections = field.connections().await?;
        let (mut usage, mut processes) = (Usage::here()?, 1);
        for instance in field.instances(Whom::All) {
            if let Some(process) = instance.process() {
                usage = usage.and(process.usage().await?);
                processes += 1;
            }
        }
        Ok(Self {
            connections,
            usage,
            processes,
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
        if self.usage.tasks > before.usage.tasks {
            leaks.push(format!(
                "{} tasks, {} before the faults",
                self.usage.tasks, before.usage.tasks
            ));
        }
        if self.usage.memory > before.usage.memory + MEMORY_MARGIN * self.processes {
            leaks.push(format!(
                "{} MiB of memory, {} MiB before the faults",
                self.usage.memory / MIB,
                before.usage.memory / MIB
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
            self.usage.tasks,
            self.usage.memory / MIB
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BEFORE: Footprint = Footprint {
        connections: 9,
        usage: Usage {
            tasks: 40,
            memory: 60 * MIB,
        },
        processes: 2,
    };

    #[test]
    fn the_same_is_no_leak() {
        assert!(BEFORE.leaks_since(&BEFORE).is_empty());
        let less = Footprint {
            connections: 8,
            usage: Usage {
                tasks: 39,
                memory: 130 * MIB,
            },
            processes: 2,
        };
        assert!(less.leaks_since(&BEFORE).is_empty());
    }

    #[test]
    fn what_comes_and_goes_is_not_counted() {
        let busy = Footprint {
            connections: 8,
            usage: Usage {
                tasks: 43,
                memory: 50 * MIB,
            },
            processes: 2,
        };
        let least = Footprint {
            connections: 8,
            usage: Usage {
                tasks: 40,
                memory: 50 * MIB,
            },
            processes: 2,
        };
        assert_eq!(BEFORE.min(busy), least);
    }

    #[test]
    fn more_of_anything_is_one() {
        let more = Footprint {
            connections: 10,
            usage: Usage {
                tasks: 41,
                memory: 200 * MIB,
            },
            processes: 2,
        };
        assert_eq!(more.leaks_since(&BEFORE).len(), 3);
    }
}
