//! What the program is told.

use std::path::PathBuf;

use clap::Parser;

/// Measure Unstale beside what a user would pick instead
#[derive(Debug, Parser)]
#[command(name = "cargo xtask bench", disable_help_subcommand = true)]
pub struct Options {
    /// Measure for seven minutes instead of twenty
    #[arg(long)]
    pub quick: bool,

    /// Write all figures to this file
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,

    /// Fail when a target is missed, or could not be measured
    #[arg(long)]
    pub check: bool,

    /// Measure only those in whose name this is found, for instance `unstale` to profile it
    #[arg(long, value_name = "NAME")]
    pub only: Option<String>,

    /// Count the instructions of the hot paths, and measure nothing else; with `--check` for a
    /// build that has to fail when they are more than the recorded baseline allows
    #[arg(long, conflicts_with_all = ["rows", "workload"])]
    pub instructions: bool,

    /// Make the instructions that are counted now the baseline
    #[arg(long, requires = "instructions")]
    pub record: bool,

    /// Run one workload and print what came of it, instead of the table: a preset, for instance
    /// `stock-prices` or `twitter-cluster14`
    #[arg(long, value_name = "PRESET")]
    pub workload: Option<String>,

    /// Another ratio of reads to writes for `--workload`, for instance `10:1` or `1:4`
    #[arg(long, value_name = "READS:WRITES", requires = "workload")]
    pub ratio: Option<String>,

    /// The rows to measure; all of them, if none is named
    #[arg(value_name = "ROW")]
    pub rows: Vec<String>,
}
