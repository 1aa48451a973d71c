use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Invalid, invalid::between};

/// The largest stock the service keeps of one product.
pub(crate) const MAX_STOCK: i64 = 1_000_000_000;

/// How many units of a product are in stock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct StockLevel {
    pub(crate) product_id: i64,
    pub(crate) stock: i64,
}

/// A number of units to reserve or to restore: 1 to 1,000,000.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Quantity(i64);

impl Quantity {
    pub(crate) fn new(units: i64) -> Result<Self, Invalid> {
        between("quantity", units, 1, 1_000_000).map(Self)
    }

    pub(crate) fn units(self) -> i64 {
        self.0
    }
}
