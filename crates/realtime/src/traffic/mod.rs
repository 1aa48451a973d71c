//! The demo's traffic: a market feed that writes to one instance, readers that ask another, and a
//! report of both.

mod feed;
mod freshness;
mod market;
mod pace;
mod readers;
mod report;

use std::{net::SocketAddr, sync::Arc};

use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::{args::Args, live::Board};
use freshness::Freshness;

pub use market::MarketError;
pub(crate) use report::Report;

/// The running feed and readers.
pub(crate) struct Traffic {
    freshness: Arc<Freshness>,
    stop: CancellationToken,
    tasks: JoinSet<Option<()>>,
}

impl Traffic {
    /// The feed writes to `writing`, the readers ask `reading`.
    ///
    /// # Errors
    /// If the market data cannot be read.
    pub(crate) fn start(
        args: &Args,
        writing: SocketAddr,
        reading: SocketAddr,
    ) -> Result<Self, MarketError> {
        let freshness = Arc::new(Freshness::default());
        let stop = CancellationToken::new();
        let mut tasks = JoinSet::new();
        let months = market::months()?;
        let client = reqwest::Client::new();
        let feed = feed::run(
            months,
            args.rate,
            client.clone(),
            writing,
            freshness.clone(),
        );
        tasks.spawn(stop.clone().run_until_cancelled_owned(feed));
        for seed in 0..args.readers {
            let reader = readers::run(
                u64::from(seed),
                args.read_rate,
                client.clone(),
                reading,
                freshness.clone(),
            );
            tasks.spawn(stop.clone().run_until_cancelled_owned(reader));
        }
        Ok(Self {
            freshness,
            stop,
            tasks,
        })
    }

    /// A report of this traffic; the readers ask the instance at `reading` in the board's order.
    pub(crate) fn report(&self, board: Arc<Board>, reading: usize) -> Report {
        Report::new(self.freshness.clone(), board, reading)
    }

    pub(crate) async fn stop(mut self) {
        self.stop.cancel();
        while self.tasks.join_next().await.is_some() {}
    }
}
