//! `realtime`: the demo service of Unstale. See [`realtime::Args`].

use std::{
    io::{self, IsTerminal, Write},
    process::ExitCode,
};

use clap::Parser;
use tracing_subscriber::EnvFilter;

#[tokio::main]
async fn main() -> ExitCode {
    let args = realtime::Args::parse();
    // Quiet unless asked, so that the report can be read.
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("warn"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        .with_ansi(io::stderr().is_terminal())
        // That nobody reads the log any more is no reason to stop, and could not be told anyway.
        .log_internal_errors(false)
        .init();
    match realtime::run(args).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Where nobody reads the message, the exit code still tells of the failure.
            writeln!(io::stderr(), "realtime: {}", realtime::complaint(&error)).ok();
            ExitCode::FAILURE
        }
    }
}
