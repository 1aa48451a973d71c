use std::{net::SocketAddr, sync::Arc};

use super::{freshness::Freshness, market::Month, pace::Pace};
use crate::{
    domain::{StockPrice, Timestamp},
    http::UNSTALE_TOKEN,
};

/// Replays the market month by month, again and again: the quotes of a month go to the service as
/// one batch.
///
/// The prices are history's; the time they carry is now, so that a reader can tell which of two is
/// newer.
pub(crate) async fn run(
    months: Vec<Month>,
    prices_per_second: u32,
    client: reqwest::Client,
    instance: SocketAddr,
    freshness: Arc<Freshness>,
) {
    let url = format!("http://{instance}/api/StockPrices/batch");
    let mut pace = Pace::new(f64::from(prices_per_second));
    let mut last = Timestamp::now();
    for month in months.iter().cycle() {
        pace.take(month.len() as f64).await;
        // Strictly later than the last one, even if the clock was set back.
        last = last.next();
        let prices: Vec<StockPrice> = month
            .iter()
            .map(|(symbol, price)| StockPrice {
                symbol: symbol.clone(),
                price: *price,
                timestamp: last,
                version: 0,
            })
            .collect();
        match client
            .post(&url)
            .json(&prices)
            .send()
            .await
            .and_then(reqwest::Response::error_for_status)
        {
            Ok(answer) => freshness.wrote(&prices, answer.headers().contains_key(UNSTALE_TOKEN)),
            Err(error) => {
                tracing::warn!(%error, "the market feed could not write");
                freshness.failed();
            }
        }
    }
}
