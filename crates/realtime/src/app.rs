use std::{future::Future, sync::Arc};

use tokio_util::{sync::CancellationToken, task::TaskTracker};
use unstale::Cache;

use crate::{
    cached::Cached, http::Problem, live::Board, service::StockPriceService, store::Repository,
};

/// What every request handler of one instance works with.
#[derive(Clone)]
pub(crate) struct App {
    pub(crate) cache: Cache,
    pub(crate) cached: Arc<Cached>,
    pub(crate) store: Arc<dyn Repository>,
    pub(crate) prices: StockPriceService,
    /// The figures of the whole process, for the page.
    pub(crate) board: Arc<Board>,
    /// Ends what would go on answering for ever.
    pub(crate) stop: CancellationToken,
    writes: TaskTracker,
}

impl App {
    pub(crate) fn new(cache: Cache, store: Arc<dyn Repository>, board: Arc<Board>) -> Self {
        let cached = Arc::new(Cached::new(cache.clone(), store.clone()));
        let prices = StockPriceService::new(
            board.len(),
            cached.stock_prices.clone(),
            store.clone(),
            board.floors.clone(),
        );
        Self {
            cache,
            cached,
            store,
            prices,
            board,
            stop: CancellationToken::new(),
            writes: TaskTracker::new(),
        }
    }

    /// Runs a write to its end, even if the client hangs up and its request is dropped meanwhile:
    /// between the commit and the removal that would leave the old value in every cache.
    pub(crate) async fn write<F, T>(&self, write: F) -> Result<T, Problem>
    where
        F: Future<Output = Result<T, Problem>> + Send + 'static,
        T: Send + 'static,
    {
        self.writes
            .spawn(write)
            .await
            .unwrap_or_else(|failed| Err(Problem::internal(&failed)))
    }

    /// Waits for the writes that outlived their requests.
    pub(crate) async fn finish_writes(&self) {
        self.writes.close();
        self.writes.wait().await;
    }
}
