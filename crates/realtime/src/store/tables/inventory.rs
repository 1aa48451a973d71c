use async_trait::async_trait;
use sqlx::{ColumnIndex, Executor};

use super::{Dialect, Tables, columns::Column};
use crate::{
    domain::{MAX_STOCK, Quantity},
    store::{InventoryRepository, StockChange, Stored},
};

#[async_trait]
impl<DB: Dialect> InventoryRepository for Tables<DB>
where
    for<'c> &'c mut DB::Connection: Executor<'c, Database = DB>,
    usize: ColumnIndex<DB::Row>,
    i64: Column<DB>,
{
    async fn stock_level(&self, product_id: i64) -> Stored<Option<i64>> {
        Ok(
            sqlx::query_scalar("SELECT stock FROM products WHERE id = $1")
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

impl<DB: Dialect> Tables<DB>
where
    for<'c> &'c mut DB::Connection: Executor<'c, Database = DB>,
    usize: ColumnIndex<DB::Row>,
    i64: Column<DB>,
{
    /// The condition and the change are one statement, so two buyers never get the same unit.
    async fn change_stock(&self, product_id: i64, change: i64) -> Stored<StockChange> {
        let mut transaction = self.write().await?;
        loop {
            let changed: Option<i64> = sqlx::query_scalar(
                "UPDATE products SET stock = stock + $1 \
                 WHERE id = $2 AND stock + $1 BETWEEN 0 AND $3 RETURNING stock",
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
            let unchanged: Option<i64> =
                sqlx::query_scalar("SELECT stock FROM products WHERE id = $1")
                    .bind(product_id)
                    .fetch_optional(&mut *transaction)
                    .await?;
            let refused = match unchanged {
                None => StockChange::NoSuchProduct,
                // Somebody committed between the two statements, and now it can be done.
                Some(stock) if (0..=MAX_STOCK).contains(&(stock + change)) => continue,
                Some(stock) => StockChange::OutOfRange(stock),
            };
            transaction.rollback().await?;
            return Ok(refused);
        }
    }
}
