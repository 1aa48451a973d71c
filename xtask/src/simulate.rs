//! `cargo xtask simulate`: the library in virtual time, every interleaving decided by a seed.

use std::{ffi::OsString, process::ExitCode};

use anyhow::{Context as _, Result};
use clap::Args;

use crate::cargo;

/// Run the library on an in-process hub in virtual time, every interleaving decided by a seed
///
/// The arguments are for the program in `evidence/simulation`, which also answers `--help`.
#[derive(Args)]
#[command(disable_help_flag = true)]
pub(crate) struct Options {
    /// `--seeds N`, `--from SEED`, `--seed S`, `--ablations` and others
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
    eprintln!("Building `simulation`");
    let status = cargo::command()
        .args(["run", "--quiet", "--release", "--package", "simulation"])
        .arg("--")
        .args(arguments)
        .status()
        .context("cannot run `simulation`")?;
    Ok(cargo::exit_code(status))
}
