//! `cargo xtask faults`: breaks things on purpose, in front of a real server.

use std::{
    ffi::{OsStr, OsString},
    process::ExitCode,
};

use anyhow::{Context as _, Result};
use clap::{Args, Parser};

use crate::{
    cargo,
    server::{self, ServerOptions, VARIABLE},
};

/// Break servers, networks and instances on purpose, and judge every read meanwhile
///
/// The server is found or got as for the tests. Everything but `--server` is for the program in
/// `evidence/faults`, which also answers `--help`.
#[derive(Args)]
#[command(disable_help_flag = true)]
pub(crate) struct Options {
    #[command(flatten)]
    server: ServerOptions,

    /// `--seconds N`, `--reads N`, `--seed S`, `--transport streams|pubsub` and others
    #[arg(
        trailing_var_arg = true,
        allow_hyphen_values = true,
        value_name = "ARGUMENTS"
    )]
    arguments: Vec<OsString>,
}

/// The one option that is ours, where it stands among those that are not.
#[derive(Parser)]
#[command(name = "cargo xtask faults")]
struct Ours {
    #[command(flatten)]
    server: ServerOptions,
}

pub(crate) fn run(options: &Options) -> Result<ExitCode> {
    run_with(&options.server, &options.arguments)
}

pub(crate) fn run_with(server: &ServerOptions, arguments: &[OsString]) -> Result<ExitCode> {
    let (ours, theirs) = split(arguments);
    let later = (!ours.is_empty()).then(|| {
        let name = OsString::from("faults");
        Ours::try_parse_from([name].into_iter().chain(ours))
    });
    let later = match later.transpose() {
        Ok(later) => later,
        Err(error) => error.exit(),
    };
    let server = later.as_ref().map_or(server, |ours| &ours.server);
    let mut run = cargo::command();
    run.args(["run", "--quiet", "--release", "--package", "faults", "--"])
        .args(&theirs);
    if !theirs.iter().any(|argument| only_tells(argument)) {
        run.env(VARIABLE, &server::find(server)?.path);
    }
    eprintln!("Building `faults`");
    let status = run.status().context("cannot run `faults`")?;
    Ok(cargo::exit_code(status))
}

/// What starts no server.
fn only_tells(argument: &OsStr) -> bool {
    ["--help", "-h", "--list"]
        .iter()
        .any(|tells| argument == *tells)
}

/// Takes `--server` and its value out of the arguments, wherever it stands.
fn split(arguments: &[OsString]) -> (Vec<OsString>, Vec<OsString>) {
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        if argument == "--server" {
            ours.push(argument.clone());
            ours.extend(rest.next().cloned());
        } else if argument.to_string_lossy().starts_with("--server=") {
            ours.push(argument.clone());
        } else {
            theirs.push(argument.clone());
        }
    }
    (ours, theirs)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(words: &[&str]) -> Vec<OsString> {
        words.iter().map(OsString::from).collect()
    }

    #[test]
    fn the_server_may_stand_anywhere() {
        for (arguments, ours, theirs) in [
            (&["--seconds", "9"][..], &[][..], &["--seconds", "9"][..]),
            (
                &["--seconds", "9", "--server", "valkey", "--list"],
                &["--server", "valkey"],
                &["--seconds", "9", "--list"],
            ),
            (&["-v", "--server=redis"], &["--server=redis"], &["-v"]),
            (&["-v", "--server"], &["--server"], &["-v"]),
        ] {
            assert_eq!(split(&words(arguments)), (words(ours), words(theirs)));
        }
    }

    #[test]
    fn help_needs_no_server() {
        assert!(only_tells(OsStr::new("--help")));
        assert!(!only_tells(OsStr::new("--seconds")));
    }
}
