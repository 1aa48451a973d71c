//! The live page in a real browser: headless Chromium, driven over WebDriver.
//!
//! What it looked like stays in `target/screenshots/`, or where `UNSTALE_SCREENSHOTS` says.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on has failed"
)]

mod breaking;
mod browser;
mod demo;
mod looking;
mod open_page;
mod writing;
