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
        let row: Option<(i64, OffsetDateTime, i64)> =
            sqlx::query_as("SELECT price, timestamp, version FROM stock_prices WHERE symbol = ?")
                .bind(symbol.as_str())
                .fetch_optional(self.read())
                .await?;
        Ok(row.map(|(units, timestamp, version)| StockPrice {
            symbol: symbol.clone(),
            price: Price::from_units(units),
            timestamp,
            version,
        }))
    }

    async fn update_price(&self, price: &StockPrice) -> Stored<Option<i64>> {
        let mut transaction = self.write().await?;
        let version = update(&mut transaction, price).await?;
        transaction.commit().await?;
        Ok(version)
    }

    async fn update_prices(&self, prices: &[StockPrice]) -> Stored<Result<Vec<i64>, Symbol>> {
        let mut transaction = self.write().await?;
        let mut versions = Vec::with_capacity(prices.len());
        for price in prices {
            let Some(version) = update(&mut transaction, price).await? else {
                transaction.rollback().await?;
                return Ok(Err(price.symbol.clone()));
            };
            versions.push(version);
        }
        transaction.commit().await?;
        Ok(Ok(versions))
    }
}

async fn update(
    connection: &mut SqliteConnection,
    price: &StockPrice,
) -> sqlx::Result<Option<i64>> {
    let statement = "UPDATE stock_prices SET price = ?, timestamp = ?, version = version + 1 \
                     WHERE symbol = ? RETURNING version";
    sqlx::query_scalar(statement)
        .bind(price.price.units())
        .bind(price.timestamp)
        .bind(price.symbol.as_str())
        .fetch_optional(connection)
        .await
}
