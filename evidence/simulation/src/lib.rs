//! A seeded simulation of several caches on one hub, in virtual time.

mod cable;
mod campaign;
mod client;
mod clock;
mod drawing;
mod keyspace;
mod ledger;
mod network;
mod node;
mod plan;
mod random;
mod rest;
mod run;
mod setting;
mod shrink;
mod site;
mod tally;
mod trace;
mod trouble;

pub use campaign::{Campaign, Result as CampaignResult};
pub use plan::Plan;
pub use run::{Outcome, Violation};
pub use shrink::shrink;
pub use tally::Totals;
pub use unstale::evidence::core::Guard;
