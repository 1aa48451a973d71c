//! Subscribers of `tracing`, each of which hears one test.

use tracing::subscriber::{DefaultGuard, NoSubscriber};
use tracing::{Dispatch, Subscriber};

/// A subscriber hears what happens on this thread, for as long as this is kept.
pub(crate) struct Listening {
    _listening: DefaultGuard,
    /// While there is only one subscriber, whether it wants what happens for the first time is
    /// asked of the thread on which that happens, which may be another test's: it would never be
    /// told then. Of several, all are asked.
    _second: Dispatch,
}

pub(crate) fn listen(subscriber: impl Subscriber + Send + Sync) -> Listening {
    let second = Dispatch::new(NoSubscriber::default());
    Listening {
        _listening: tracing::subscriber::set_default(subscriber),
        _second: second,
    }
}
