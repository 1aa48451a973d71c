//! Why L2 was of no help, and how long it is waited for.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use futures_util::TryFutureExt as _;
use tokio::time::timeout;

/// L2 did not do what it was asked, or did not say so in time.
#[derive(Clone, Debug, thiserror::Error)]
pub(crate) enum Unavailable {
    #[error("the server is not in service")]
    Down,
    #[error("no answer within {0:?}")]
    Timeout(Duration),
    #[error("the server's history is not the one this instance knows")]
    NotFenced,
    #[error("the server has run out of memory")]
    Full,
    #[error("something else than a record is stored under this key")]
    NoRecord,
    #[error("{0}")]
    Server(Arc<dyn std::error::Error + Send + Sync>),
}

impl Unavailable {
    /// Its kind in one word, for those who count by kind.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Unavailable::Down => "down",
            Unavailable::Timeout(_) => "timeout",
            Unavailable::NotFenced => "not_fenced",
            Unavailable::Full => "full",
            Unavailable::NoRecord => "no_record",
            Unavailable::Server(_) => "server",
        }
    }
}

/// Waits so long for an answer.
///
/// Not an `async fn`, and neither is anything else on the way of a read that is given a future: an
/// `async fn` has room for it twice, once where it is handed over and once where it is awaited, so each
/// of them would make the future of a read twice as large.
pub(crate) fn in_time<T>(
    patience: Duration,
    work: impl Future<Output = T>,
) -> impl Future<Output = Result<T, Unavailable>> {
    timeout(patience, work).map_err(move |_| Unavailable::Timeout(patience))
}
