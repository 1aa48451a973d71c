//! Starts processes.

use std::{
    env,
    process::Stdio,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};

use anyhow::{Context as _, Result};
use parking_lot::Mutex;
use tempfile::TempDir;
use testbed::{WallClock, WallClocks};
use tokio::{net::UnixListener, process::Command};

use super::{life::Life, orders::Assignment};
use crate::{database::Registers, field::Setup, report::Reports};

/// What all processes of a run have in common.
pub(crate) struct Spawner {
    registers: Arc<Registers>,
    reports: Reports,
    setup: Setup,
    /// Sockets.
    directory: TempDir,
    clocks: Arc<WallClocks>,
    next_instance: AtomicU32,
    seeds: Mutex<fastrand::Rng>,
}

impl Spawner {
    /// Processes have the numbers that follow those of the tasks.
    pub(crate) fn new(
        registers: Arc<Registers>,
        reports: Reports,
        setup: &Setup,
        clocks: Arc<WallClocks>,
        seed: u64,
    ) -> Result<Self> {
        let directory = tempfile::Builder::new()
            .prefix("faults-")
            .tempdir()
            .context("cannot make a directory for sockets")?;
        Ok(Self {
            registers,
            reports,
            setup: *setup,
            clocks,
            directory,
            next_instance: AtomicU32::new(setup.tasks),
            seeds: Mutex::new(fastrand::Rng::with_seed(seed)),
        })
    }

    /// A wall clock for the processes of this name, which is right as yet.
    pub(super) fn wall_clock(&self, name: &str) -> Result<WallClock> {
        Ok(self.clocks.clock(name)?)
    }

    /// Starts a process under a number that no other ever had.
    ///
    /// It is killed by the system when the thread that calls this ends: that has to be one that
    /// lives as long as the runtime does.
    pub(super) async fn spawn(
        &self,
        name: &str,
        address: &str,
        wall_clock: &WallClock,
    ) -> Result<Life> {
        let instance = self.next_instance.fetch_add(1, Ordering::Relaxed);
        let assignment = Assignment {
            name: name.to_owned(),
            instance,
            server: address.to_owned(),
            kind: self.setup.of_each(),
            seed: self.seeds.lock().u64(..),
        };
        let socket = self.directory.path().join(format!("{instance}.socket"));
        let listener = UnixListener::bind(&socket)
            .with_context(|| format!("cannot listen at {}", socket.display()))?;
        let mut command = Command::new(env::current_exe()?);
        command
            .arg("--child")
            .arg(&socket)
            .stdin(Stdio::null())
            .kill_on_drop(true);
        command.envs(wall_clock.environment());
        let child = command
            .spawn()
            .with_context(|| format!("cannot start {name}"))?;
        let (registers, reports) = (Arc::clone(&self.registers), self.reports.clone());
        Life::begin(child, &listener, assignment, registers, reports)
            .await
            .with_context(|| format!("{name} did not start"))
    }
}
