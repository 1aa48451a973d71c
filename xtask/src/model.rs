//! `cargo xtask model`: every interleaving of the protocol, within bounds.

use std::{ffi::OsString, process::ExitCode};

use anyhow::{Context as _, Result};
use clap::Args;

use crate::cargo;

/// Explore every interleaving of the protocol within bounds, and break each of its rules
///
/// The arguments are for the program in `evidence/model`, which also answers `--help`.
#[derive(Args)]
#[command(disable_help_flag = true)]
pub(crate) struct Options {
    /// `--quick`, `--scope NAME`, `--ablations` and others
    #[arg(
        trailing_var_arg = true,
        allow_hyphen_values = true,
        value_name = "ARGUMENTS"
    )]
    arguments: Vec<OsString>,
}

pub(crate) fn run(options: &Options) -> Result<ExitCode> {
    run_with(&options.arguments)
}

pub(crate) fn run_with(arguments: &[OsString]) -> Result<ExitCode> {
    eprintln!("Building `model`");
    let status = cargo::command()
        .args(["run", "--quiet", "--release", "--package", "model", "--"])
        .args(arguments)
        .status()
        .context("cannot run `model`")?;
    Ok(cargo::exit_code(status))
}
