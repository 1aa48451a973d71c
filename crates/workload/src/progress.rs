//! How far a workload has come.

use std::fmt;
use std::time::Duration;

/// How far a workload has come.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Progress {
    /// How long it has been running.
    pub elapsed: Duration,
    /// How long it is to run.
    pub span: Duration,
    /// How many operations were done, to within some that are only counted now and then.
    pub operations: u64,
    /// How many stale reads there were that no contract allows.
    pub violations: u64,
    /// Whether the load is over, and what is left is to find out whether anything stays stale.
    pub settling: bool,
}

impl fmt::Display for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            elapsed,
            span,
            operations,
            violations,
            settling,
        } = self;
        if *settling {
            return write!(f, "looking for values that stay stale");
        }
        write!(
            f,
            "{:.1} of {:.0} s, {operations} operations, {violations} stale reads",
            elapsed.as_secs_f64(),
            span.as_secs_f64(),
        )
    }
}
