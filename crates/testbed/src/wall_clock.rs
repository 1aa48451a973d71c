//! A wall clock of its own for a process, which can be turned while it runs.
//!
//! What is tested is what ships, so the clock is not one that a program is handed: a small library
//! is loaded into the process before the C library, and answers every reading of the wall clock as
//! a file says. The monotonic clocks are left alone, as a real jump leaves them alone.

use std::{
    fs::File,
    io,
    os::unix::fs::FileExt as _,
    path::{Path, PathBuf},
    process::Command,
};

use tempfile::TempDir;

use crate::{Error, Result};

const SOURCE: &str = include_str!("wall_clock.c");

/// Where wall clocks are made.
#[derive(Debug)]
pub struct WallClocks {
    directory: TempDir,
    library: PathBuf,
}

/// The wall clock of whatever process is started with its environment. It is gone with the
/// [`WallClocks`] that made it.
#[derive(Debug)]
pub struct WallClock {
    library: PathBuf,
    path: PathBuf,
    hands: File,
}

impl WallClocks {
    /// Compiles the library, with the C compiler that every Rust toolchain links with. Blocks the
    /// calling thread meanwhile.
    ///
    /// # Errors
    ///
    /// [`Error::Clock`] when there is no such compiler, or it fails.
    pub fn make() -> Result<Self> {
        let directory = TempDir::with_prefix("unstale-clocks-").map_err(Error::Clock)?;
        let source = directory.path().join("wall_clock.c");
        let library = directory.path().join("wall_clock.so");
        std::fs::write(&source, SOURCE).map_err(Error::Clock)?;
        let compiled = Command::new("cc")
            .args(["-shared", "-fPIC", "-O2", "-o"])
            .args([&library, &source])
            .arg("-ldl")
            .output()
            .map_err(Error::Clock)?;
        if !compiled.status.success() {
            let complaint = String::from_utf8_lossy(&compiled.stderr);
            return Err(Error::Clock(io::Error::other(complaint.into_owned())));
        }
        Ok(Self { directory, library })
    }

    /// A clock that is right as yet, for whatever has this name.
    ///
    /// # Errors
    ///
    /// [`Error::Clock`] when its file cannot be written.
    pub fn clock(&self, name: &str) -> Result<WallClock> {
        let path = self.directory.path().join(name);
        let hands = File::create(&path).map_err(Error::Clock)?;
        let library = self.library.clone();
        let clock = WallClock {
            library,
            path,
            hands,
        };
        clock.set(0)?;
        Ok(clock)
    }
}

impl WallClock {
    /// What makes a process go by this clock when it is started with it.
    #[must_use]
    pub fn environment(&self) -> [(&'static str, &Path); 2] {
        [
            ("LD_PRELOAD", &self.library),
            ("TESTBED_WALL_CLOCK", &self.path),
        ]
    }

    /// Turns it so many seconds ahead of what is right, and lets it run.
    ///
    /// # Errors
    ///
    /// [`Error::Clock`] when its file cannot be written.
    pub fn set(&self, seconds_ahead: i64) -> Result<()> {
        self.turn(seconds_ahead, 0)
    }

    /// Stops it at so many milliseconds since 1970.
    ///
    /// # Errors
    ///
    /// [`Error::Clock`] when its file cannot be written.
    pub fn stop_at(&self, millis: i64) -> Result<()> {
        self.turn(0, millis)
    }

    fn turn(&self, seconds_ahead: i64, stands_at: i64) -> Result<()> {
        let hands = [seconds_ahead.to_ne_bytes(), stands_at.to_ne_bytes()].concat();
        self.hands.write_all_at(&hands, 0).map_err(Error::Clock)
    }
}
