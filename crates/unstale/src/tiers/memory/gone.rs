//! Values that have left L1, until they may be dropped.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::Value;

/// Values that have left L1. They are dropped with this, which is kept until every lock is
/// released: their `Drop` is the user's, and may ask the cache or take its time.
///
/// It may also panic. That ends here, whoever drops: a reader who makes room, a writer who removes,
/// the tasks that follow the log and scan for what has expired. None of them has to do with this
/// value but by chance, and a removal must not fail the write. What the panic says, its hook has
/// told.
#[derive(Default)]
pub(super) struct Gone(Vec<Value>);

impl Gone {
    pub(super) fn push(&mut self, value: Value) {
        self.0.push(value);
    }
}

/// Drops a value that has left L1, or a clone of one that may have been the last but this.
pub(crate) fn let_go(value: Value) {
    let mut gone = Gone::default();
    gone.push(value);
}

impl Drop for Gone {
    /// Most turns of the lock take nothing out.
    #[inline]
    fn drop(&mut self) {
        if !self.0.is_empty() {
            drop_each(&mut self.0);
        }
    }
}

#[cold]
#[inline(never)]
fn drop_each(values: &mut Vec<Value>) {
    let mut panicked = 0_u64;
    // One by one: a panic on the way out of another would end the process.
    for value in values.drain(..) {
        let dropped = catch_unwind(AssertUnwindSafe(|| drop(value)));
        panicked += u64::from(dropped.is_err());
    }
    if panicked > 0 {
        tracing::error!(
            panicked,
            "values that left L1 panicked in their `Drop`; the cache goes on"
        );
    }
}
