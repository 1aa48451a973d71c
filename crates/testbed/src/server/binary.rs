//! Finds the server's program.

use std::{env, path::PathBuf};

use crate::{Error, Result};

/// The variable that names the server's program; `cargo xtask test` sets it.
const VARIABLE: &str = "UNSTALE_TEST_SERVER";

pub(super) fn find() -> Result<PathBuf> {
    if let Some(path) = env::var_os(VARIABLE) {
        return which::which(&path).map_err(|source| Error::NotAProgram {
            path: path.into(),
            source,
        });
    }
    which::which("redis-server")
        .or_else(|_| which::which("valkey-server"))
        .map_err(|_| Error::NoServer)
}
