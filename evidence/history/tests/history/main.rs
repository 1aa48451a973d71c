//! The judge is judged: histories that it has to accept, and histories that it has to reject.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that panics has failed, and this is how a test fails"
)]

mod figures;
mod forgetting;
mod naive;
mod notation;
mod random;
mod rules;
mod shortest;
mod watermarks;
