use async_trait::async_trait;

use super::Sqlite;
use crate::{
    domain::{MAX_STOCK, Quantity},
    store::{InventoryRepository, StockChange, Stored},
};

#[async_trait]
impl InventoryRepository for Sqlite {
    async fn stock_level(&self, product_id: i64) -> Stored<Option<i64>> {
        Ok(
            sqlx::query_scalar("SELECT stock FROM products WHERE id = ?")
                .bind(product_id)
                .fetch_optional(self.read())
                .await?,
        )
    }

    async fn reserve_stock(&self, product_id: i64, quantity: Quantity) -> Stored<StockChange> {
        self.change_stock(product_id, -quantity.units()).await
    }

    async fn restore_stock(&self, product_id: i64, quantity: Quantity) -> Stored<StockChange> {
        self.change_stock(product_id, quantity.units()).await
    }
}

impl Sqlite {
    /// The condition and the change are one statement, so two buyers never get the same unit.
    async fn change_stock(&self, product_id: i64, change: i64) -> Stored<StockChange> {
        let mut transaction = self.write().await?;
        let changed: Option<i64> = sqlx::query_scalar(
            "UPDATE products SET stock = stock + ?1 WHERE id = ?2 AND stock + ?1 BETWEEN 0 AND ?3 RETURNING stock",
        )
        .bind(change)
        .bind(product_id)
        .bind(MAX_STOCK)
        .fetch_optional(&mut *transaction)
        .await?;
        if let Some(stock) = changed {
            transaction.commit().await?;
            return Ok(StockChange::Changed(stock));
        }
        let unchanged: Option<i64> = sqlx::query_scalar("SELECT stock FROM products WHERE id = ?")
            .bind(product_id)
            .fetch_optional(&mut *transaction)
            .await?;
        transaction.rollback().await?;
        Ok(unchanged.map_or(StockChange::NoSuchProduct, StockChange::OutOfRange))
    }
}
