//! Programs from the system's packages.

use std::path::PathBuf;

use anyhow::{Context as _, Result, ensure};

use super::machine::Machine;

/// So that a machine without a network finds out soon.
const IMPATIENT: [&str; 4] = [
    "-o",
    "Acquire::http::Timeout=30",
    "-o",
    "Acquire::Retries=1",
];

/// Installs the package of a program, and says where that is.
pub(super) fn install(machine: &Machine, program: &str, package: &str) -> Result<PathBuf> {
    install_package(machine, package)?;
    machine.program(program)
}

/// Installs a package.
///
/// Its programs only are needed. Whether a server's package also starts a service of its own is all
/// the same.
pub(super) fn install_package(machine: &Machine, package: &str) -> Result<()> {
    machine.program("apt-get")?;
    ensure!(machine.root, "`apt-get install {package}` needs root");
    eprintln!("Installing {package} with apt-get");
    // Old lists may do, so that a failed update does not decide.
    if let Err(error) = apt_get(machine, &["update"]) {
        eprintln!("Going on without an update: {error:#}");
    }
    apt_get(
        machine,
        &["install", "-y", "--no-install-recommends", package],
    )
    .with_context(|| format!("cannot install {package}"))
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
