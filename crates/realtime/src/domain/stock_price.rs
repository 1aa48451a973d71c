use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Price, Symbol, Timestamp};

/// The current price of a stock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct StockPrice {
    pub(crate) symbol: Symbol,
    pub(crate) price: Price,
    /// When the price was made. A quote without one was made now.
    #[serde(default = "Timestamp::now")]
    #[schema(required = false)]
    pub(crate) timestamp: Timestamp,
    /// How many prices this stock has had. The database counts them; in a quote it means nothing.
    #[serde(default)]
    #[schema(required = false)]
    pub(crate) version: i64,
}
