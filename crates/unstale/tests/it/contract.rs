//! The freshness contract, clause by clause.

mod bounded_staleness;
mod never_in_the_way;
mod no_stale_fill;
mod nothing_missed;
mod own_writes;
mod reused_positions;
mod tokens;
