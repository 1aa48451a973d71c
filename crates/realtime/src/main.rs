//! `realtime`: the demo service of Unstale. See [`realtime::Args`].

use std::{error::Error, io::IsTerminal, process::ExitCode};

use clap::Parser;
use tracing_subscriber::EnvFilter;

#[tokio::main]
async fn main() -> ExitCode {
    let args = realtime::Args::parse();
    // Quiet unless asked, so that the report can be read.
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("warn"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .init();
    match realtime::run(args).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("realtime: {}", sentences(&error));
            ExitCode::FAILURE
        }
    }
}

/// The error and its causes.
fn sentences(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        text.push_str("\n  because: ");
        text.push_str(&cause.to_string());
        next = cause.source();
    }
    text
}
