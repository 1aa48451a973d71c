use std::{sync::Arc, time::Instant};

use unstale::{Outcome, Peek, Source, Space};

use crate::{
    domain::{StockPrice, Symbol},
    http::After,
    store::{Repository, StoreError, Stored},
    watch::Floors,
};

/// The prices of one instance: read from the cache, set in the database, then removed from the
/// caches.
#[derive(Clone)]
pub(crate) struct StockPriceService {
    /// Which of the process's instances this is.
    place: usize,
    prices: Space<StockPrice>,
    store: Arc<dyn Repository>,
    floors: Arc<Floors>,
}

/// A price that was set.
pub(crate) struct Set {
    pub(crate) version: i64,
    pub(crate) removed: Outcome,
}

impl StockPriceService {
    pub(crate) fn new(
        place: usize,
        prices: Space<StockPrice>,
        store: Arc<dyn Repository>,
        floors: Arc<Floors>,
    ) -> Self {
        Self {
            place,
            prices,
            store,
            floors,
        }
    }

    /// The same prices, read so that a write that the request names is seen.
    pub(crate) fn after(&self, after: &After) -> Self {
        Self {
            prices: after.read(&self.prices),
            ..self.clone()
        }
    }

    /// The current price, and where it was read from; none if there is no such stock.
    pub(crate) async fn current(
        &self,
        symbol: &Symbol,
    ) -> Result<Option<(Arc<StockPrice>, Source)>, Arc<StoreError>> {
        let load = || self.store.current_price(symbol);
        let read = self.prices.get_or_load_sourced(symbol, load).await?;
        Ok(read.map(|read| (read.value, read.source)))
    }

    /// The oldest version that a read of this instance which begins now may be answered with.
    pub(crate) fn floor(&self, symbol: &Symbol) -> i64 {
        self.floors.floor(self.place, symbol, Instant::now())
    }

    /// This instance's own copy.
    pub(crate) fn copy(&self, symbol: &Symbol) -> Option<Peek<StockPrice>> {
        self.prices.peek(symbol)
    }

    /// The key of a price in the cache.
    pub(crate) fn key(&self, symbol: &Symbol) -> String {
        self.prices.key(symbol)
    }

    /// Sets a price; none if there is no such stock. A commit that was reported as failed may have
    /// happened, so the removal follows it all the same.
    pub(crate) async fn set(&self, price: &StockPrice) -> Stored<Option<Set>> {
        let written = self.store.update_price(price).await;
        if let Ok(None) = written {
            return Ok(None);
        }
        let removed = self.prices.remove(&price.symbol).await;
        let version = written?;
        if let Some(version) = version {
            self.removed(&price.symbol, version, &removed);
        }
        Ok(version.map(|version| Set { version, removed }))
    }

    /// Sets a price as a write path does that was forgotten: nothing is removed. Here so that people can
    /// see it being found. The price's version; none if there is no such stock.
    pub(crate) async fn set_and_forget(&self, price: &StockPrice) -> Stored<Option<i64>> {
        self.store.update_price(price).await
    }

    /// Sets all prices, or none and says which stock there is not.
    pub(crate) async fn set_all(&self, prices: &[StockPrice]) -> Stored<Result<Outcome, Symbol>> {
        let written = self.store.update_prices(prices).await;
        if let Ok(Err(unlisted)) = written {
            return Ok(Err(unlisted));
        }
        let symbols = prices.iter().map(|price| &price.symbol);
        let removed = self.prices.remove_batch(symbols).await;
        for (price, version) in prices.iter().zip(written?.unwrap_or_default()) {
            self.removed(&price.symbol, version, &removed);
        }
        Ok(Ok(removed))
    }

    fn removed(&self, symbol: &Symbol, version: i64, removed: &Outcome) {
        let (place, now) = (self.place, Instant::now());
        self.floors
            .removed(place, symbol, version, removed.is_applied(), now);
    }
}
