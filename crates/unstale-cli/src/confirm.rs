//! Asks before something is done that touches more than one key.

use std::io::{self, IsTerminal, Write};

use crate::failure::Failure;

/// Goes on if `yes` was said on the command line, or is said now.
pub(crate) fn confirm(what: &str, yes: bool) -> Result<(), Failure> {
    if yes {
        return Ok(());
    }
    if !io::stdin().is_terminal() {
        return Err(Failure::Usage(format!(
            "{what} Nobody can be asked here: give --yes to do it."
        )));
    }
    let mut err = io::stderr().lock();
    write!(err, "{what} Go on? [y/N] ")?;
    err.flush()?;
    let mut answer = String::new();
    io::stdin().read_line(&mut answer)?;
    match answer.trim().to_lowercase().as_str() {
        "y" | "yes" => Ok(()),
        _ => Err(Failure::Declined),
    }
}
