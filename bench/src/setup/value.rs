//! What is cached wherever nothing else is said: the specification's stock price.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// The specification's stock price.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StockPrice {
    /// The stock's symbol.
    pub symbol: String,
    /// What it costs.
    pub price: f64,
    /// When that was, in seconds since 1970.
    pub timestamp: u64,
}

/// The symbol of this number.
pub fn symbol(number: usize) -> String {
    format!("S{number:06}")
}

/// The key of this number.
pub fn key(number: usize) -> Arc<str> {
    format!("stock:price:{}", symbol(number)).into()
}

/// The price of this number.
pub fn price(number: usize) -> StockPrice {
    StockPrice {
        symbol: symbol(number),
        price: number as f64 / 100.0,
        timestamp: 1_732_280_000,
    }
}
