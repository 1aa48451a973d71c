use std::collections::BTreeMap;

use serde::Deserialize;
use time::{Date, macros::format_description};

use crate::domain::{Price, Symbol};

/// Real monthly prices; `data/README.md` says where they come from.
const MONTHLY_PRICES: &str = include_str!("../../data/stocks-monthly-2000-2010.csv");

#[derive(Deserialize)]
struct Row {
    symbol: Symbol,
    date: String,
    price: String,
}

/// The prices of one month.
pub(crate) type Month = Vec<(Symbol, Price)>;

/// The market's months in their order.
pub(crate) fn months() -> Result<Vec<Month>, MarketError> {
    let format = format_description!("[month repr:short] [day padding:none] [year]");
    let mut months: BTreeMap<Date, Month> = BTreeMap::new();
    for (number, row) in csv::Reader::from_reader(MONTHLY_PRICES.as_bytes())
        .deserialize()
        .enumerate()
    {
        let unreadable = |cause: String| MarketError {
            row: number + 1,
            cause,
        };
        let row: Row = row.map_err(|error| unreadable(error.to_string()))?;
        let date = Date::parse(&row.date, format).map_err(|error| unreadable(error.to_string()))?;
        let price = row
            .price
            .parse()
            .map_err(|error: crate::domain::Invalid| unreadable(error.to_string()))?;
        months.entry(date).or_default().push((row.symbol, price));
    }
    Ok(months.into_values().collect())
}

/// The market data cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("Row {row} of the market data cannot be read: {cause}")]
pub struct MarketError {
    row: usize,
    cause: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_rows_are_read_in_the_order_of_time() {
        let months = months().unwrap();
        assert_eq!(months.len(), 123);
        assert_eq!(months.iter().map(Vec::len).sum::<usize>(), 560);
        let (symbol, price) = &months[0][0];
        assert_eq!(
            (symbol.as_str(), price.to_string().as_str()),
            ("MSFT", "39.81")
        );
        assert_eq!(months[122].len(), 5);
    }
}
