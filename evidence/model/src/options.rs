//! What can be asked for on the command line.

use clap::Parser;

/// Explore every interleaving of the protocol within bounds, and break each of its rules
///
/// The core that ships (`crates/core`) is explored breadth first: two instances with L1 and two
/// connections each, one L2, one log, a source, and whatever may befall them. After every step the
/// promises F1 to F6 are checked, and where everything is used up, that everything works again.
#[derive(Parser, Debug)]
#[command(name = "model", bin_name = "cargo xtask model")]
pub(crate) struct Options {
    /// Only the scopes that a developer may wait for
    #[arg(long)]
    pub(crate) quick: bool,

    /// Only this scope; may be given several times
    #[arg(long = "scope", value_name = "NAME")]
    pub(crate) scopes: Vec<String>,

    /// Break one rule after the other, and show the shortest interleaving that breaks a promise
    #[arg(long)]
    pub(crate) ablations: bool,

    /// With --ablations: only this rule; may be given several times
    #[arg(long = "guard", value_name = "NAME", requires = "ablations")]
    pub(crate) guards: Vec<String>,

    /// How many states of a scope are looked at before it is given up; of a scope that is explored
    /// for its own sake all, of one that shows a broken rule two million, where nothing is said
    #[arg(long, value_name = "STATES")]
    pub(crate) patience: Option<usize>,

    /// Name the scopes, and what they are about
    #[arg(long)]
    pub(crate) list: bool,
}
