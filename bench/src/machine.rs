//! What the figures were measured on.

use std::fmt;
use std::fs;
use std::process::Command;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::Result;
use bench::setup::{Bed, output_of};
use serde::Serialize;

/// What the figures were measured on.
#[derive(Debug, Serialize)]
pub(crate) struct Machine {
    /// Seconds since 1970.
    at: u64,
    processor: String,
    cores: usize,
    memory_gib: u64,
    system: String,
    compiler: String,
    server: String,
    /// How many processes were running or ready to, over the last minute.
    load: f64,
}

impl Machine {
    pub(crate) fn this() -> Result<Self> {
        let server = Bed::start()?;
        let server = server.server();
        let read = |path| fs::read_to_string(path).unwrap_or_default();
        let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH);
        let load = read("/proc/loadavg");
        Ok(Self {
            at: since_1970.unwrap_or_default().as_secs(),
            processor: field(&read("/proc/cpuinfo"), "model name"),
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            memory_gib: memory_gib(&read("/proc/meminfo")),
            system: read("/proc/sys/kernel/osrelease").trim().to_owned(),
            compiler: output_of(Command::new("rustc").arg("--version"))
                .map(|said| said.trim().to_owned())
                .unwrap_or_default(),
            server: format!("{} {}", server.kind(), server.version()),
            load: load
                .split(' ')
                .next()
                .and_then(|load| load.parse().ok())
                .unwrap_or_default(),
        })
    }

    /// Whether others worked on it, so that times are not to be trusted.
    fn is_busy(&self) -> bool {
        self.load > self.cores as f64 / 2.0
    }
}

fn memory_gib(meminfo: &str) -> u64 {
    let kib = field(meminfo, "MemTotal");
    let kib = kib
        .split(' ')
        .next()
        .and_then(|kib| kib.parse::<u64>().ok());
    kib.unwrap_or_default() / (1 << 20)
}

/// What follows a name and a colon.
fn field(text: &str, name: &str) -> String {
    let lines = text.lines().filter_map(|line| line.split_once(':'));
    let mut values = lines.filter(|(key, _)| key.trim() == name);
    values
        .next()
        .map_or_else(String::new, |(_, value)| value.trim().to_owned())
}

impl fmt::Display for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} cores of {}, {} GiB, Linux {}, {}, {}, load average before: {}",
            self.cores,
            self.processor,
            self.memory_gib,
            self.system,
            self.compiler,
            self.server,
            self.load,
        )?;
        if self.is_busy() {
            write!(
                f,
                "\n\nOthers worked on this machine: the times are not to be trusted."
            )?;
        }
        Ok(())
    }
}
