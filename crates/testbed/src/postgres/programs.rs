//! Finds Postgres' programs, and runs those that do one thing and end.

use std::{
    env,
    path::{Path, PathBuf},
    process::Command,
};

use crate::{Error, Result};

/// The variable that names the directory with Postgres' programs; `cargo xtask test` sets it.
const VARIABLE: &str = "UNSTALE_TEST_POSTGRES";

/// Postgres' programs, which belong to one version and stand in one directory.
#[derive(Debug)]
pub(super) struct Programs(PathBuf);

impl Programs {
    pub(super) fn find() -> Result<Self> {
        let initdb = match env::var_os(VARIABLE) {
            Some(directory) => which::which_in("initdb", Some(directory), "/"),
            None => which::which("initdb"),
        };
        // On Debian, a link to one of several versions may stand on PATH.
        let initdb = initdb
            .ok()
            .and_then(|path| path.canonicalize().ok())
            .ok_or(Error::NoPostgres)?;
        initdb
            .parent()
            .map(|directory| Self(directory.to_owned()))
            .ok_or(Error::NoPostgres)
    }

    pub(super) fn path(&self, program: &str) -> PathBuf {
        self.0.join(program)
    }

    /// Runs a program to its end.
    pub(super) fn run(
        &self,
        program: &'static str,
        prepare: impl FnOnce(&mut Command),
    ) -> Result<()> {
        let path = self.path(program);
        let mut command = Command::new(&path);
        prepare(&mut command);
        let output = command.output().map_err(|source| Error::Spawn {
            program: path,
            source,
        })?;
        if output.status.success() {
            return Ok(());
        }
        Err(Error::Failed {
            program,
            status: output.status,
            said: String::from_utf8_lossy(&output.stderr).trim().to_owned(),
        })
    }
}

/// Says that a program works in a directory, and speaks so that an error can be read by anybody.
pub(super) fn in_directory<'a>(command: &'a mut Command, directory: &Path) -> &'a mut Command {
    command.current_dir(directory).env("LC_ALL", "C")
}
