//! `cargo xtask ci`: everything that must hold before a change is merged.

use std::{
    ffi::OsString,
    process::ExitCode,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result};
use clap::Args;

use crate::{cargo, faults, model, server::ServerOptions, simulate, test};

/// Check everything: format, lints, documentation, tests, and a share of the evidence; stop at
/// the first failure
#[derive(Args)]
pub(crate) struct Options {
    #[command(flatten)]
    server: ServerOptions,
}

/// A check that is one call of cargo.
struct Check {
    name: &'static str,
    arguments: &'static [&'static str],
    environment: &'static [(&'static str, &'static str)],
    /// What to do when it fails.
    remedy: &'static str,
}

const CHECKS: [Check; 4] = [
    Check {
        name: "format",
        arguments: &["fmt", "--all", "--check"],
        environment: &[],
        remedy: "run `cargo fmt --all`",
    },
    Check {
        name: "lints",
        arguments: &[
            "clippy",
            "--workspace",
            "--all-targets",
            "--all-features",
            "--",
            "-D",
            "warnings",
        ],
        environment: &[],
        remedy: "mend what clippy reports above; \
                 `cargo clippy --workspace --all-targets --all-features -- -D warnings` repeats it",
    },
    // What only some features use is unused without them.
    Check {
        name: "lints of what ships",
        arguments: &[
            "clippy",
            "-p",
            "unstale",
            "-p",
            "unstale-core",
            "--",
            "-D",
            "warnings",
        ],
        environment: &[],
        remedy: "mend what clippy reports above; \
                 `cargo clippy -p unstale -p unstale-core -- -D warnings` repeats it",
    },
    Check {
        name: "documentation",
        arguments: &["doc", "--workspace", "--no-deps", "--all-features"],
        environment: &[("RUSTDOCFLAGS", "-D warnings")],
        remedy: "mend what rustdoc reports above; \
                 `RUSTDOCFLAGS='-D warnings' cargo doc --workspace --no-deps --all-features` \
                 repeats it",
    },
];

/// A share of the evidence: a task of its own, with arguments.
struct Share {
    task: fn(&ServerOptions, &[OsString]) -> Result<ExitCode>,
    /// As they are typed after `cargo xtask`.
    command: &'static str,
}

const SHARES: [Share; 6] = [
    Share {
        task: |_, arguments| model::run_with(arguments),
        command: "model --quick",
    },
    Share {
        task: |_, arguments| simulate::run_with(arguments),
        command: "simulate --seeds 10000",
    },
    Share {
        task: faults::run_with,
        command: "faults --seconds 60 --server redis --transport streams",
    },
    Share {
        task: faults::run_with,
        command: "faults --seconds 60 --server redis --transport pubsub",
    },
    Share {
        task: faults::run_with,
        command: "faults --seconds 60 --server valkey --transport streams",
    },
    Share {
        task: faults::run_with,
        command: "faults --seconds 60 --server valkey --transport pubsub",
    },
];

const TESTS: &str = "tests";
const TESTS_REMEDY: &str =
    "mend what failed above; `cargo xtask test -- <name of the test>` repeats one test";

pub(crate) fn run(options: &Options) -> Result<ExitCode> {
    let began = Instant::now();
    for check in &CHECKS {
        let code = step(check.name, check.remedy, || check.run())?;
        if code != ExitCode::SUCCESS {
            return Ok(code);
        }
    }
    let code = step(TESTS, TESTS_REMEDY, || test::run_with(&options.server, &[]))?;
    if code != ExitCode::SUCCESS {
        return Ok(code);
    }
    for share in &SHARES {
        let remedy = format!("`cargo xtask {}` repeats it", share.command);
        let code = step(share.command, &remedy, || share.run(&options.server))?;
        if code != ExitCode::SUCCESS {
            return Ok(code);
        }
    }
    eprintln!("==> everything passed ({})", in_seconds(began.elapsed()));
    Ok(ExitCode::SUCCESS)
}

fn step(name: &str, remedy: &str, run: impl FnOnce() -> Result<ExitCode>) -> Result<ExitCode> {
    eprintln!("==> {name}");
    let began = Instant::now();
    let code = run()?;
    let took = in_seconds(began.elapsed());
    if code == ExitCode::SUCCESS {
        eprintln!("==> {name}: passed ({took})");
    } else {
        eprintln!("==> {name}: failed ({took}): {remedy}");
    }
    Ok(code)
}

impl Check {
    fn run(&self) -> Result<ExitCode> {
        let status = cargo::command()
            .args(self.arguments)
            .envs(self.environment.iter().copied())
            .status()
            .with_context(|| format!("cannot run `cargo {}`", self.arguments[0]))?;
        Ok(cargo::exit_code(status))
    }
}

impl Share {
    fn run(&self, server: &ServerOptions) -> Result<ExitCode> {
        let arguments: Vec<_> = self
            .command
            .split(' ')
            .skip(1)
            .map(OsString::from)
            .collect();
        (self.task)(server, &arguments)
    }
}

fn in_seconds(time: Duration) -> String {
    format!("{:.1} s", time.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;

    #[test]
    fn every_share_is_a_task() {
        for share in &SHARES {
            let words = ["cargo xtask"].into_iter().chain(share.command.split(' '));
            let parsed = crate::Cli::try_parse_from(words);
            assert!(parsed.is_ok(), "{}", share.command);
        }
    }
}
