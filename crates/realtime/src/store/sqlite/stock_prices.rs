use async_trait::async_trait;
use sqlx::SqliteConnection;
use time::OffsetDateTime;

use super::Sqlite;
use crate::{
    domain::{Price, StockPrice, Symbol},
    store::{StockPriceRepository, Stored},
};

#[async_trait]
impl StockPriceRepository for Sqlite {
    async fn current_price(&self, symbol: &Symbol) -> Stored<Option<StockPrice>> {
        let row: Option<(i64, OffsetDateTime)> =
            sqlx::query_as("SELECT price, timestamp FROM stock_prices WHERE symbol = ?")
                .bind(symbol.as_str())
                .fetch_optional(self.read())
                .await?;
        Ok(row.map(|(units, timestamp)| StockPrice {
            symbol: symbol.clone(),
            price: Price::from_units(units),
            timestamp,
        }))
    }

    async fn update_price(&self, price: &StockPrice) -> Stored<bool> {
        let mut transaction = self.write().await?;
        let listed = update(&mut transaction, price).await?;
        transaction.commit().await?;
        Ok(listed)
    }

    async fn update_prices(&self, prices: &[StockPrice]) -> Stored<Result<(), Symbol>> {
        let mut transaction = self.write().await?;
        for price in prices {
            if !update(&mut transaction, price).await? {
                transaction.rollback().await?;
                return Ok(Err(price.symbol.clone()));
            }
        }
        transaction.commit().await?;
        Ok(Ok(()))
    }
}

async fn update(connection: &mut SqliteConnection, price: &StockPrice) -> sqlx::Result<bool> {
    let done = sqlx::query("UPDATE stock_prices SET price = ?, timestamp = ? WHERE symbol = ?")
        .bind(price.price.units())
        .bind(price.timestamp)
        .bind(price.symbol.as_str())
        .execute(connection)
        .await?;
    Ok(done.rows_affected() == 1)
}
