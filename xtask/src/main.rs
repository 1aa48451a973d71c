//! Unstale's build tasks: `cargo xtask --help`.
//!
//! Each task is a module of its own and a variant of [`Task`].

mod bench;
mod cargo;
mod ci;
mod equipment;
mod faults;
mod fuzz;
mod model;
mod postgres;
mod server;
mod simulate;
mod test;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Unstale's build tasks.
#[derive(Parser)]
#[command(
    name = "cargo xtask",
    bin_name = "cargo xtask",
    disable_help_subcommand = true
)]
struct Cli {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    Test(test::Options),
    Ci(ci::Options),
    Faults(faults::Options),
    Fuzz(fuzz::Options),
    Simulate(simulate::Options),
    Model(model::Options),
    Bench(bench::Options),
}

fn main() -> ExitCode {
    let outcome = match Cli::parse().task {
        Task::Test(options) => test::run(&options),
        Task::Ci(options) => ci::run(&options),
        Task::Faults(options) => faults::run(&options),
        Task::Fuzz(options) => fuzz::run(&options),
        Task::Simulate(options) => simulate::run(&options),
        Task::Model(options) => model::run(&options),
        Task::Bench(options) => bench::run(&options),
    };
    outcome.unwrap_or_else(|error| {
        eprintln!("error: {error:#}");
        ExitCode::FAILURE
    })
}
