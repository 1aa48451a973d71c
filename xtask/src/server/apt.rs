//! Redis from the system's packages.

use std::path::PathBuf;

use anyhow::{Context as _, Result, ensure};

use super::{identity::Kind, machine::Machine};

/// So that a machine without a network finds out soon.
const IMPATIENT: [&str; 4] = [
    "-o",
    "Acquire::http::Timeout=30",
    "-o",
    "Acquire::Retries=1",
];

/// Installs `redis-server` and says where it is.
///
/// The tests need the program only. Whether the package also starts a service of its own is all the
/// same to them.
pub(super) fn install(machine: &Machine) -> Result<PathBuf> {
    machine.program("apt-get")?;
    ensure!(machine.root, "`apt-get install redis-server` needs root");
    eprintln!("Installing redis-server with apt-get");
    // Old lists may do, so that a failed update does not decide.
    if let Err(error) = apt_get(machine, &["update"]) {
        eprintln!("Going on without an update: {error:#}");
    }
    apt_get(
        machine,
        &["install", "-y", "--no-install-recommends", "redis-server"],
    )
    .context("cannot install redis-server")?;
    machine.program(Kind::Redis.program())
}

fn apt_get(machine: &Machine, arguments: &[&str]) -> Result<()> {
    machine.run("apt-get", |command| {
        command
            .env("DEBIAN_FRONTEND", "noninteractive")
            .arg("-qq")
            .args(IMPATIENT)
            .args(arguments);
    })
}
