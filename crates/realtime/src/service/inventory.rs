use std::sync::Arc;

use unstale::{Outcome, Space};

use crate::{
    domain::Quantity,
    store::{Repository, StockChange, StoreError, Stored},
};

/// The specification's service layer: stock levels from the cache, changes of them in the database.
pub(crate) struct InventoryService {
    levels: Space<i64>,
    store: Arc<dyn Repository>,
}

impl InventoryService {
    pub(crate) fn new(levels: Space<i64>, store: Arc<dyn Repository>) -> Self {
        Self { levels, store }
    }

    /// The units in stock; none if there is no such product.
    pub(crate) async fn stock_level(
        &self,
        product_id: i64,
    ) -> Result<Option<i64>, Arc<StoreError>> {
        let store = self.store.clone();
        let load = || async move { store.stock_level(product_id).await };
        Ok(self
            .levels
            .get_or_load(&product_id, load)
            .await?
            .map(|stock| *stock))
    }

    /// Takes units out of the stock, all of them or none.
    pub(crate) async fn reserve(
        &self,
        product_id: i64,
        quantity: Quantity,
    ) -> Stored<(StockChange, Option<Outcome>)> {
        let change = self.store.reserve_stock(product_id, quantity).await;
        self.removed_after(product_id, change).await
    }

    /// Puts units back into the stock.
    pub(crate) async fn restore(
        &self,
        product_id: i64,
        quantity: Quantity,
    ) -> Stored<(StockChange, Option<Outcome>)> {
        let change = self.store.restore_stock(product_id, quantity).await;
        self.removed_after(product_id, change).await
    }

    /// Only a change is followed by a removal; and so is a failure, because a commit that was
    /// reported as failed may have happened.
    async fn removed_after(
        &self,
        product_id: i64,
        change: Stored<StockChange>,
    ) -> Stored<(StockChange, Option<Outcome>)> {
        let removed = match change {
            Ok(StockChange::Changed(_)) | Err(_) => Some(self.levels.remove(&product_id).await),
            Ok(StockChange::OutOfRange(_) | StockChange::NoSuchProduct) => None,
        };
        Ok((change?, removed))
    }
}
