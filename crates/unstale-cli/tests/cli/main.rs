//! The tool as people start it, against real servers.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that panics has failed, and this is how a test fails"
)]

mod asking;
mod bed;
mod bench;
mod doctor;
mod inspect;
mod instances;
mod partitions;
mod remove;
mod secured;
mod sentinel;
mod tail;
mod terminal;
mod top;
mod weather;
