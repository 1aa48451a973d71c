//! Tests through the public face, named by topology.

mod bed;
mod config;
mod l1_l2_log;
