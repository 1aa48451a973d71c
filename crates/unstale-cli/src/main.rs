//! `unstale`: the operator's tool. What it can be asked stands in `arguments`.

mod acl;
mod arguments;
mod bench;
mod confirm;
mod connect;
mod doctor;
mod failure;
mod inspect;
mod instances;
mod output;
mod remove;
mod settings;
mod tail;
mod top;
mod wording;

use std::io::Write;
use std::process::ExitCode;
use std::time::Duration;

use clap::{CommandFactory, Parser};

use crate::arguments::{Arguments, Command};
use crate::failure::{Failure, Verdict};
use crate::output::Output;

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match run(arguments).await {
        Ok(verdict) => verdict.into(),
        Err(failure) => {
            if !failure.is_closed_pipe() {
                // Where nobody reads the message, the exit code still tells of the failure.
                writeln!(std::io::stderr(), "unstale: {failure}").ok();
            }
            failure.into()
        }
    }
}

async fn run(arguments: Arguments) -> Result<Verdict, Failure> {
    let target = &arguments.target;
    let mut output = Output::new(arguments.json);
    match arguments.command {
        Command::Instances => instances::run(target, &mut output).await,
        Command::Doctor { sample } => {
            doctor::run(target, Duration::from_millis(sample), &mut output).await
        }
        Command::Acl { user } => acl::run(target, &user, &mut output),
        Command::Top { every } => top::run(target, Duration::from_millis(every), &mut output).await,
        Command::Bench(load) => bench::run(target, &load, &mut output).await,
        Command::Tail(which) => tail::run(target, &which, &mut output).await,
        Command::Inspect { key } => inspect::run(target, &key, &mut output).await,
        Command::Remove(what) => remove::run(target, what, &mut output).await,
        Command::Clear { yes } => remove::clear(target, yes, &mut output).await,
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Arguments::command(), "unstale", &mut script);
            output.raw(&script)?;
            Ok(Verdict::Well)
        }
    }
}
