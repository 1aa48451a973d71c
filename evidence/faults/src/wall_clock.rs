//! A wall clock of its own for a process, which can be turned while it runs.
//!
//! What is tested is what ships, so the clock is not one that the cache is handed: a small library
//! is loaded into the process before the C library, and adds to every reading of the wall clock what
//! a file says. The monotonic clocks are left alone, as a real jump leaves them alone.

use std::{
    fs::File,
    os::unix::fs::FileExt as _,
    path::{Path, PathBuf},
    time::{SystemTime, UNIX_EPOCH},
};

use anyhow::{Context as _, Result, ensure};
use tempfile::TempDir;
use tokio::process::Command;

const SOURCE: &str = include_str!("wall_clock.c");

/// The library, compiled, and the clocks that it shows to processes.
pub(crate) struct Library {
    directory: TempDir,
    path: PathBuf,
}

/// The wall clock of one place.
pub(crate) struct WallClock {
    library: PathBuf,
    path: PathBuf,
    ahead: File,
}

impl Library {
    /// Compiles it, with the C compiler that every Rust toolchain links with.
    pub(crate) async fn make() -> Result<Self> {
        let directory = tempfile::Builder::new()
            .prefix("faults-")
            .tempdir()
            .context("cannot make a directory for wall clocks")?;
        let source = directory.path().join("wall_clock.c");
        let path = directory.path().join("wall_clock.so");
        std::fs::write(&source, SOURCE)?;
        let compiled = Command::new("cc")
            .args(["-shared", "-fPIC", "-O2", "-o"])
            .args([&path, &source])
            .arg("-ldl")
            .output()
            .await
            .context("cannot run `cc`, which makes what turns a process's wall clock")?;
        ensure!(
            compiled.status.success(),
            "`cc` cannot compile what turns a process's wall clock: {}",
            String::from_utf8_lossy(&compiled.stderr)
        );
        Ok(Self { directory, path })
    }

    /// A clock that is right as yet, for whatever has this name.
    pub(crate) fn clock(&self, name: &str) -> Result<WallClock> {
        let path = self.directory.path().join(name);
        let clock = WallClock {
            library: self.path.clone(),
            ahead: File::create(&path)
                .with_context(|| format!("cannot write {}", path.display()))?,
            path,
        };
        clock.set(0)?;
        Ok(clock)
    }
}

impl WallClock {
    /// What makes a process go by this clock when it is started with it.
    pub(crate) fn environment(&self) -> [(&'static str, &Path); 2] {
        [
            ("LD_PRELOAD", &self.library),
            ("FAULTS_WALL_CLOCK", &self.path),
        ]
    }

    /// Turns it so many seconds ahead of what is right.
    pub(crate) fn set(&self, seconds_ahead: i64) -> Result<()> {
        let bytes = seconds_ahead.to_ne_bytes();
        Ok(self.ahead.write_all_at(&bytes, 0)?)
    }
}

/// The time of day here, in milliseconds since 1970.
pub(crate) fn now() -> i64 {
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH);
    i64::try_from(since_1970.unwrap_or_default().as_millis()).unwrap_or(i64::MAX)
}
