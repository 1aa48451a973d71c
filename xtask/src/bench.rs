//! `cargo xtask bench`: the table of speed, against a real server.

use std::{env, ffi::OsString, process::ExitCode};

use anyhow::{Context as _, Result};
use clap::Args;

use crate::{
    cargo,
    server::{self, ServerOptions, VARIABLE},
};

/// Measure Unstale beside what a user would pick instead
///
/// The server is found or got as for the tests. Instructions are counted by valgrind, which is
/// installed with apt-get where that is possible; without it they are not counted.
#[derive(Args)]
pub(crate) struct Options {
    #[command(flatten)]
    server: ServerOptions,

    /// What to pass on: `--quick`, `--json FILE`, `--check`, the names of rows;
    /// `cargo xtask bench -- --help` says more
    #[arg(
        trailing_var_arg = true,
        allow_hyphen_values = true,
        value_name = "ARGUMENTS"
    )]
    arguments: Vec<OsString>,
}

pub(crate) fn run(options: &Options) -> Result<ExitCode> {
    let server = server::find(&options.server)?;
    eprintln!("Measuring with {server}");
    if let Err(obstacle) = server::program("valgrind") {
        eprintln!("Instructions will not be counted: {obstacle:#}");
    }
    // All programs of the package: the table is made by several.
    let built = cargo::command()
        .args(["build", "--release", "--package", "bench"])
        .status()
        .context("cannot run `cargo build`")?;
    if !built.success() {
        return Ok(cargo::exit_code(built));
    }
    let measured = cargo::command()
        // Names of files are meant from here.
        .current_dir(env::current_dir().context("cannot tell the current directory")?)
        .args(["run", "--quiet", "--release", "--package", "bench"])
        .args(["--bin", "bench", "--"])
        .args(&options.arguments)
        .env(VARIABLE, &server.path)
        .status()
        .context("cannot run the benchmarks")?;
    Ok(cargo::exit_code(measured))
}
