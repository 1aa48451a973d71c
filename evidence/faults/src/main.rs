//! Breaks real servers, networks and instances on purpose, and judges every read meanwhile.
//!
//! Several instances of the cache read and remove the same few keys ([`workload`]) in front of one
//! server, each behind a fault proxy of its own ([`field`]). A [`schedule`] that a seed determines
//! breaks one thing after the other ([`fault`]); a [`strike`] waits until all is well again and says
//! who noticed in time ([`detection`]). Every write and read is [reported](report) to one thread
//! that [judges](judging) them. `cargo xtask faults --help` says how to run it.

mod clock;
mod database;
mod detection;
mod fault;
mod field;
mod footprint;
mod instance;
mod judging;
mod keyspace;
mod lineup;
mod options;
mod process;
mod progress;
mod report;
mod run;
mod running;
mod schedule;
mod servers;
mod settings;
mod strike;
mod subject;
mod summary;
mod table;
mod task;
mod watch;
mod workload;

use std::process::ExitCode;

use anyhow::Result;
use clap::Parser as _;
use options::Options;

fn main() -> ExitCode {
    match start(&Options::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn start(options: &Options) -> Result<bool> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    if options.list {
        for kind in fault::catalogue(&options.setup()) {
            println!("{}", kind.name);
        }
        return Ok(true);
    }
    if let Some(socket) = &options.child {
        return runtime.block_on(process::child::run(socket)).map(|()| true);
    }
    runtime.block_on(run::run(options))
}
