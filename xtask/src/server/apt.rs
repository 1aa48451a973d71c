//! Programs from the system's packages.

use std::{
    path::PathBuf,
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, ensure};

use super::machine::Machine;

/// So that a machine without a network finds out soon.
const IMPATIENT: [&str; 4] = [
    "-o",
    "Acquire::http::Timeout=30",
    "-o",
    "Acquire::Retries=1",
];

/// Whoever else installs something meanwhile is waited for: so many seconds.
const LOCKED: [&str; 2] = ["-o", "DPkg::Lock::Timeout=300"];

/// How many attempts may fail that had new lists.
const CHANCES: u32 = 2;

/// Between two attempts.
const PAUSE: Duration = Duration::from_secs(2);

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
    install_from(machine, package, &[])
}

/// The same with settings of apt that say where packages come from.
pub(super) fn install_from(machine: &Machine, package: &str, settings: &[String]) -> Result<()> {
    machine.program("apt-get")?;
    ensure!(machine.root, "`apt-get install {package}` needs root");
    eprintln!("Installing {package} with apt-get");
    let give_up = Instant::now() + machine.patience;
    let mut chances = CHANCES;
    while let Err(failure) = attempt(machine, package, settings) {
        if failure.had_lists {
            chances -= 1;
        }
        let is_over = chances == 0 || Instant::now() >= give_up;
        ensure!(!is_over, failure.error);
        eprintln!("Trying again: {:#}", failure.error);
        thread::sleep(machine.patience.min(PAUSE));
    }
    Ok(())
}

struct Failure {
    error: anyhow::Error,
    /// Whether the lists of packages were new.
    had_lists: bool,
}

/// The lists that packages are found by have a lock of their own, which apt does not wait for. And while
/// somebody else renews them, packages are missing from them.
fn attempt(machine: &Machine, package: &str, settings: &[String]) -> Result<(), Failure> {
    let update = apt_get(machine, settings, &["update"]);
    // Old lists may do, so that a failed update does not decide.
    if let Err(error) = &update {
        eprintln!("Going on without an update: {error:#}");
    }
    let words = ["install", "-y", "--no-install-recommends", package];
    let had_lists = update.is_ok();
    apt_get(machine, settings, &words)
        .with_context(|| format!("cannot install {package}"))
        .map_err(|error| Failure { error, had_lists })
}

fn apt_get(machine: &Machine, settings: &[String], arguments: &[&str]) -> Result<()> {
    machine.run("apt-get", |command| {
        command
            .env("DEBIAN_FRONTEND", "noninteractive")
            .arg("-qq")
            .args(IMPATIENT)
            .args(LOCKED)
            .args(settings.iter().flat_map(|setting| ["-o", setting]))
            .args(arguments);
    })
}
