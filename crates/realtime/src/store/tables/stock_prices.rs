use async_trait::async_trait;
use sqlx::{ColumnIndex, Encode, Executor, Type};

use super::{Dialect, Tables, columns::Column, in_order_of};
use crate::{
    domain::{Price, StockPrice, Symbol, Timestamp},
    store::{StockPriceRepository, Stored},
};

#[async_trait]
impl<DB: Dialect> StockPriceRepository for Tables<DB>
where
    for<'c> &'c mut DB::Connection: Executor<'c, Database = DB>,
    usize: ColumnIndex<DB::Row>,
    for<'q> &'q str: Encode<'q, DB> + Type<DB>,
    i64: Column<DB>,
    Price: Column<DB>,
    Timestamp: Column<DB>,
{
    async fn current_price(&self, symbol: &Symbol) -> Stored<Option<StockPrice>> {
        let row: Option<(Price, Timestamp, i64)> =
            sqlx::query_as("SELECT price, timestamp, version FROM stock_prices WHERE symbol = $1")
                .bind(symbol.as_str())
                .fetch_optional(self.read())
                .await?;
        Ok(row.map(|(price, timestamp, version)| StockPrice {
            symbol: symbol.clone(),
            price,
            timestamp,
            version,
        }))
    }

    async fn update_price(&self, price: &StockPrice) -> Stored<Option<i64>> {
        let mut transaction = self.write().await?;
        let version = update(&mut *transaction, price).await?;
        transaction.commit().await?;
        Ok(version)
    }

    async fn update_prices(&self, prices: &[StockPrice]) -> Stored<Result<Vec<i64>, Symbol>> {
        let mut transaction = self.write().await?;
        let mut versions = vec![None; prices.len()];
        for place in in_order_of(prices, |price| &price.symbol) {
            versions[place] = update(&mut *transaction, &prices[place]).await?;
        }
        let unlisted = versions.iter().position(Option::is_none);
        if let Some(place) = unlisted {
            transaction.rollback().await?;
            return Ok(Err(prices[place].symbol.clone()));
        }
        transaction.commit().await?;
        Ok(Ok(versions.into_iter().flatten().collect()))
    }
}

async fn update<'c, DB: Dialect>(
    connection: impl Executor<'c, Database = DB>,
    price: &StockPrice,
) -> sqlx::Result<Option<i64>>
where
    usize: ColumnIndex<DB::Row>,
    for<'q> &'q str: Encode<'q, DB> + Type<DB>,
    i64: Column<DB>,
    Price: Column<DB>,
    Timestamp: Column<DB>,
{
    let statement = "UPDATE stock_prices SET price = $1, timestamp = $2, version = version + 1 \
                     WHERE symbol = $3 RETURNING version";
    sqlx::query_scalar(statement)
        .bind(price.price)
        .bind(price.timestamp)
        .bind(price.symbol.as_str())
        .fetch_optional(connection)
        .await
}
