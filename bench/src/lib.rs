//! Measures Unstale beside what a user would pick instead: raw `quick_cache`, `moka`, the `redis`
//! crate used by hand, and `multi-tier-cache`.
//!
//! One file in `rows` for each row of the table. Whatever is compared is measured in turns, round
//! after round, and compared within a round, because the times of two runs on a busy machine say
//! little about each other.

pub mod measure;
pub mod options;
pub mod rows;
pub mod setup;
