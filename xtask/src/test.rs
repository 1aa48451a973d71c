//! `cargo xtask test`: all tests, against a real server.

use std::{
    ffi::{OsStr, OsString},
    process::ExitCode,
};

use anyhow::{Context as _, Result};
use clap::Args;

use crate::{
    cargo,
    server::{self, ServerOptions, VARIABLE},
};

/// Run all tests, documentation examples included, against a real Redis or Valkey server
///
/// The server is found on this machine, or installed (with apt-get, as root), or fetched into
/// `target/servers`. The tests start it themselves, on free ports, as often as they need it.
#[derive(Args)]
pub(crate) struct Options {
    #[command(flatten)]
    server: ServerOptions,

    /// What to pass on to `cargo test`, for instance `-p unstale --test it -- l1_l2`
    ///
    /// Without `-p` the whole workspace is tested.
    #[arg(last = true, value_name = "CARGO TEST ARGUMENTS")]
    arguments: Vec<OsString>,
}

pub(crate) fn run(options: &Options) -> Result<ExitCode> {
    run_with(&options.server, &options.arguments)
}

pub(crate) fn run_with(server: &ServerOptions, arguments: &[OsString]) -> Result<ExitCode> {
    let server = server::find(server)?;
    eprintln!("Testing with {server}");
    let status = cargo::command()
        .args(["test", "--all-features"])
        .args(whole_workspace(arguments))
        .args(arguments)
        .env(VARIABLE, &server.path)
        .status()
        .context("cannot run `cargo test`")?;
    Ok(cargo::exit_code(status))
}

/// `--workspace`, unless packages are chosen: cargo would ignore the choice beside it.
fn whole_workspace(arguments: &[OsString]) -> Option<&'static str> {
    let chosen = arguments
        .iter()
        .map(OsString::as_os_str)
        .take_while(|argument| *argument != OsStr::new("--"))
        .filter_map(OsStr::to_str)
        .any(|argument| {
            argument.starts_with("--package")
                || (argument.starts_with("-p") && !argument.starts_with("--"))
        });
    (!chosen).then_some("--workspace")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(arguments: &[&str]) -> Option<&'static str> {
        let arguments: Vec<_> = arguments.iter().map(OsString::from).collect();
        whole_workspace(&arguments)
    }

    #[test]
    fn the_whole_workspace_is_tested_unless_packages_are_chosen() {
        for all in [
            &[][..],
            &["--test", "it"],
            &["--", "-p"],
            &["--profile", "release"],
        ] {
            assert_eq!(with(all), Some("--workspace"), "{all:?}");
        }
        for chosen in [
            &["-p", "unstale"][..],
            &["-punstale"],
            &["--package=unstale", "--", "x"],
        ] {
            assert_eq!(with(chosen), None, "{chosen:?}");
        }
    }
}
