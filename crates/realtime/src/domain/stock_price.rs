use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::ToSchema;

use super::{Price, Symbol};

/// The current price of a stock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct StockPrice {
    pub(crate) symbol: Symbol,
    pub(crate) price: Price,
    /// When the price was made. A quote without one was made now.
    #[serde(with = "time::serde::rfc3339", default = "OffsetDateTime::now_utc")]
    #[schema(required = false)]
    pub(crate) timestamp: OffsetDateTime,
    /// How many prices this stock has had. The database counts them; in a quote it means nothing.
    #[serde(default)]
    #[schema(required = false)]
    pub(crate) version: i64,
}
