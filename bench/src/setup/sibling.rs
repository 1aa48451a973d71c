//! The other programs of this package, which measure what this one cannot.

use std::env;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, ensure};

/// Where another program of this package is: beside this one.
///
/// # Errors
/// When it was not built.
pub fn sibling(name: &str) -> Result<PathBuf> {
    let own = env::current_exe().context("cannot tell where this program is")?;
    let path = own.with_file_name(name);
    ensure!(
        path.is_file(),
        "there is no program `{}`: `cargo xtask bench` builds it",
        path.display()
    );
    Ok(path)
}

/// What a program writes.
///
/// # Errors
/// When it cannot be run, or fails.
pub fn output_of(command: &mut Command) -> Result<String> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("cannot run `{name}`"))?;
    ensure!(
        output.status.success(),
        "`{name}` failed: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).with_context(|| format!("`{name}` wrote no text"))
}
