use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Invalid, Price, invalid};

/// A product of the shop.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Product {
    pub(crate) id: i64,
    #[schema(example = "Walnut desk")]
    pub(crate) name: String,
    pub(crate) price: Price,
    pub(crate) category_id: i64,
    /// Whether the product stands among the featured ones.
    #[serde(default)]
    pub(crate) featured: bool,
}

impl Product {
    /// The product with a name that may be stored, or what is wrong with it.
    pub(crate) fn checked(self) -> Result<Self, Invalid> {
        Ok(Self {
            name: invalid::text("name", &self.name, 1, 200)?,
            ..self
        })
    }
}
