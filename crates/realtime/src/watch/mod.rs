//! What the page lets people watch: the log and its speed, the copies of a few keys, and whether any
//! answer is older than the contract allows.

mod breaks;
mod checker;
mod floors;
mod histogram;
mod log;
mod scene;
mod state;

use crate::domain::Symbol;

pub(crate) use breaks::{Break, Breaks};
pub(crate) use checker::{Checker, check_forever};
pub(crate) use floors::Floors;
pub(crate) use log::{Line, Log, follow};
pub(crate) use scene::{Scene, WatchedInstance};

/// The stocks whose prices are watched. The market feed sets all of them but the last, which is left
/// for whoever looks.
const WATCHED: [&str; 6] = ["MSFT", "AMZN", "IBM", "GOOG", "AAPL", "CALM"];

fn watched() -> impl Iterator<Item = Symbol> {
    WATCHED.iter().filter_map(|symbol| symbol.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_watched_stock_is_a_symbol() {
        assert_eq!(watched().count(), WATCHED.len());
    }
}
