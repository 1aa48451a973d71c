//! What the service talks about, free of HTTP, SQL and the cache. Values that exist are valid:
//! their constructors check.

mod activity;
mod document;
mod invalid;
mod inventory;
mod price;
mod product;
mod stock_price;
mod symbol;
mod timestamp;

pub(crate) use activity::{Activity, NewActivity, PageKey};
pub(crate) use document::{Document, DocumentContent, DocumentVersion, UserName};
pub(crate) use invalid::{Invalid, entries};
pub(crate) use inventory::{MAX_STOCK, Quantity, StockLevel};
pub(crate) use price::Price;
pub(crate) use product::Product;
pub(crate) use stock_price::StockPrice;
pub(crate) use symbol::Symbol;
pub(crate) use timestamp::Timestamp;
