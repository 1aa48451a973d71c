//! The specification's first example: a live dashboard.

use axum::{Json, extract::State, response::IntoResponse};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    body::Body,
    params::Id,
    problem::{Missing, Problem, ReadRefused, WriteRefused},
    token::{After, NoContent, Written},
};
use crate::{
    app::App,
    domain::{Invalid, Price, StockPrice, Symbol, Timestamp, entries},
};

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(get_price, update_price))
        .routes(routes!(update_prices))
}

/// The current price of a stock
///
/// Kept for two minutes under `stock:price:{symbol}`, with low priority.
#[utoipa::path(
    get, path = "/api/StockPrices/{symbol}", tag = "StockPrices",
    params(("symbol" = Symbol, Path), After),
    responses((status = 200, description = "The current price.", body = StockPrice), ReadRefused, Missing)
)]
async fn get_price(
    State(app): State<App>,
    Id(symbol): Id<Symbol>,
    after: After,
) -> Result<impl IntoResponse, Problem> {
    match app.prices.after(&after).current(&symbol).await? {
        Some((price, _)) => Ok(Json(price)),
        None => Err(not_listed(&symbol)),
    }
}

/// Sets the price of a stock
///
/// The body is the new price alone, such as `39.81`. Removes `stock:price:{symbol}`.
#[utoipa::path(
    put, path = "/api/StockPrices/{symbol}", tag = "StockPrices",
    params(("symbol" = Symbol, Path)),
    request_body = Price,
    responses(NoContent, WriteRefused, Missing)
)]
async fn update_price(
    State(app): State<App>,
    Id(symbol): Id<Symbol>,
    Body(price): Body<Price>,
) -> Result<Written, Problem> {
    let write = app.clone();
    app.write(async move {
        let price = StockPrice {
            symbol,
            price,
            timestamp: Timestamp::now(),
            version: 0,
        };
        match write.prices.set(&price).await? {
            Some(set) => Ok(set.removed.into()),
            None => Err(not_listed(&price.symbol)),
        }
    })
    .await
}

/// Sets many prices at once, as a market data feed does
///
/// All of them or none. Removes `stock:price:{symbol}` of each, in one batch. A quote without a
/// timestamp was made now.
#[utoipa::path(
    post, path = "/api/StockPrices/batch", tag = "StockPrices",
    request_body = Vec<StockPrice>,
    responses(NoContent, WriteRefused)
)]
async fn update_prices(
    State(app): State<App>,
    Body(prices): Body<Vec<StockPrice>>,
) -> Result<Written, Problem> {
    let prices = entries("prices", prices, 1_000)?;
    let write = app.clone();
    app.write(async move {
        match write.prices.set_all(&prices).await? {
            Ok(removed) => Ok(removed.into()),
            Err(unlisted) => {
                let rule = format!(
                    "must be listed, but there is no stock '{unlisted}'. Nothing was written."
                );
                Err(Invalid::new("symbol", rule).within("prices").into())
            }
        }
    })
    .await
}

fn not_listed(symbol: &Symbol) -> Problem {
    Problem::not_found(format_args!("stock '{symbol}'"))
}
