//! Valkey with TLS, which the wheel lacks, from Debian's packages.
//!
//! The package with Valkey's tools has the server's program too, under the name of one of them: which of
//! them it is depends on what it is called. So nothing on `PATH` is called as a server afterwards, and
//! no service begins.

use std::{fs, io::ErrorKind, os::unix::fs::symlink, path::PathBuf};

use anyhow::{Context as _, Result, ensure};

use super::{apt, identity::Kind, machine::Machine};

const PACKAGE: &str = "valkey-tools";
const PROGRAM: &str = "valkey-check-rdb";

const KEYRING: &str = "/usr/share/keyrings/debian-archive-keyring.gpg";

/// Debian's server, installed unless an earlier run has done that.
pub(super) fn valkey(machine: &Machine) -> Result<PathBuf> {
    let directory = machine.servers.join("debian-valkey");
    let server = directory.join(Kind::Valkey.program());
    let is_there = || server.metadata().is_ok_and(|found| found.is_file());
    if is_there() {
        return Ok(server);
    }
    let codename = machine
        .debian
        .as_ref()
        .context("Valkey with TLS is installed on Debian only")?;
    let lists = directory.join("lists");
    fs::create_dir_all(lists.join("partial"))?;
    let sources = directory.join("sources.list");
    fs::write(&sources, sources_of(codename))?;
    apt::install_from(
        machine,
        PACKAGE,
        &[
            format!("Dir::Etc::SourceList={}", sources.display()),
            "Dir::Etc::SourceParts=/dev/null".to_owned(),
            format!("Dir::State::Lists={}", lists.display()),
        ],
    )?;
    let program = machine.program(PROGRAM)?;
    match symlink(&program, &server) {
        // Another run has made it, or one whose program is gone.
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
        made => made.with_context(|| format!("cannot make `{}`", server.display()))?,
    }
    ensure!(
        is_there(),
        "`{}` leads to nothing: remove it",
        server.display()
    );
    Ok(server)
}

/// The release's own packages, and those that were built for it later.
fn sources_of(codename: &str) -> String {
    let suites = [codename.to_owned(), format!("{codename}-backports")];
    let lines = suites.map(|suite| {
        format!("deb [signed-by={KEYRING}] http://deb.debian.org/debian {suite} main\n")
    });
    lines.concat()
}
