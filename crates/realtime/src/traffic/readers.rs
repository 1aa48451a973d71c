use std::{net::SocketAddr, num::NonZeroU32, sync::Arc, time::Instant};

use super::{freshness::Freshness, pace::Pace};
use crate::domain::StockPrice;

const SYMBOLS: [&str; 5] = ["MSFT", "AMZN", "IBM", "GOOG", "AAPL"];

/// Asks the service for prices, and now and then for something else, at random.
pub(crate) async fn run(
    seed: u64,
    requests_per_second: NonZeroU32,
    client: reqwest::Client,
    instance: SocketAddr,
    freshness: Arc<Freshness>,
) {
    let mut random = fastrand::Rng::with_seed(seed);
    let mut pace = Pace::new(f64::from(requests_per_second.get()));
    loop {
        pace.take(1.0).await;
        let asked = Instant::now();
        let result = if random.u8(..8) > 0 {
            let symbol = SYMBOLS[random.usize(..SYMBOLS.len())];
            read_price(
                &client,
                &format!("http://{instance}/api/StockPrices/{symbol}"),
            )
            .await
            .map(|price| freshness.read_price(&price, asked))
        } else {
            read(
                &client,
                &format!("http://{instance}{}", something_else(&mut random)),
            )
            .await
        };
        match result {
            Ok(()) => freshness.read(),
            Err(error) => {
                tracing::warn!(%error, "a reader got no answer");
                freshness.failed();
            }
        }
    }
}

async fn read_price(client: &reqwest::Client, url: &str) -> reqwest::Result<StockPrice> {
    client
        .get(url)
        .send()
        .await?
        .error_for_status()?
        .json()
        .await
}

async fn read(client: &reqwest::Client, url: &str) -> reqwest::Result<()> {
    client
        .get(url)
        .send()
        .await?
        .error_for_status()?
        .bytes()
        .await
        .map(drop)
}

fn something_else(random: &mut fastrand::Rng) -> String {
    match random.u8(..6) {
        0 => format!("/api/Products/{}", random.u8(1..=16)),
        1 => format!("/api/Inventory/{}", random.u8(1..=16)),
        2 => format!(
            "/api/Documents/6f1c1f5e-0d0b-4b52-9a3e-5f0a4f6f000{}",
            random.u8(1..=3)
        ),
        3 => "/api/Products/featured".to_owned(),
        _ => format!(
            "/api/ActivityFeed/user/{}?page=1&pageSize=10",
            random.u8(9..=24)
        ),
    }
}
