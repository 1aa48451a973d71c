//! Tests through the public face, named by topology.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    unreachable_pub,
    reason = "a test that panics has failed, and this is how a test fails"
)]

mod architecture;
mod bed;
mod cluster;
mod config;
mod contract;
#[cfg(feature = "metrics")]
mod dashboard;
mod drops;
#[cfg(feature = "metrics")]
mod exported;
mod faults;
mod globs;
mod heartbeat;
mod inspect;
mod l1;
mod l1_l2;
mod l1_l2_log;
mod l1_log;
mod logs;
mod metrics;
mod partitions;
mod secured;
mod sentinel;
mod spans;
mod table;
