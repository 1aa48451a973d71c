//! The rules that carry the contract, each by its name, so that the evidence can switch one off
//! and show which promise breaks without it.

/// One rule of the protocol.
#[derive(Copy, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Guard {
    /// A fill replaces nothing but its own lease.
    LeaseCompareAndSet,
}

impl Guard {
    /// Whether the rule is kept. Always, but for the evidence that it is needed.
    #[inline]
    pub fn holds(self) -> bool {
        #[cfg(feature = "evidence")]
        return !switch::is_off(self);
        #[cfg(not(feature = "evidence"))]
        true
    }
}

#[cfg(feature = "evidence")]
mod switch {
    use std::cell::Cell;

    use super::Guard;

    thread_local! {
        static OFF: Cell<Option<Guard>> = const { Cell::new(None) };
    }

    pub(super) fn is_off(guard: Guard) -> bool {
        OFF.get() == Some(guard)
    }

    impl Guard {
        /// On this thread, breaks the rule from now on (`None`: keeps them all).
        pub fn switch_off(guard: Option<Guard>) {
            OFF.set(guard);
        }

        /// The rule that is broken on this thread.
        pub fn switched_off() -> Option<Guard> {
            OFF.get()
        }
    }
}
