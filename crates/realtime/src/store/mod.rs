//! The database, the source of truth, as one repository per domain. All SQL lives below this
//! module.
//!
//! A write returns when it is committed, so that the caller may invalidate afterwards. Dropping a
//! future before it finished either leaves the write out altogether or completes it.

mod claim;
mod database;
mod error;
mod mistrust;
mod postgres;
mod queries;
mod sqlite;
mod tables;

use std::time::Duration;

use async_trait::async_trait;
use uuid::Uuid;

use crate::domain::{
    Activity, Document, DocumentContent, DocumentVersion, NewActivity, PageKey, Product, Quantity,
    StockPrice, Symbol, UserName,
};

pub(crate) use claim::Claim;
pub use database::Database;
pub use error::DatabaseError;
pub(crate) use queries::{Queries, QueryCount};

/// How long a writer waits for another one's transaction, and anybody for a connection.
const LONGEST_WAIT: Duration = Duration::from_secs(10);
/// How many connections of an instance read.
const READERS: u32 = 4;

/// The database could not do what it was asked.
#[derive(Debug, thiserror::Error)]
#[error("the database did not answer as it should")]
pub(crate) struct StoreError(#[from] sqlx::Error);

pub(crate) type Stored<T> = Result<T, StoreError>;

/// Everything one database offers.
pub(crate) trait Repository:
    Connections
    + StockPriceRepository
    + DocumentRepository
    + ActivityRepository
    + InventoryRepository
    + ProductRepository
{
}

impl<T> Repository for T where
    T: Connections
        + StockPriceRepository
        + DocumentRepository
        + ActivityRepository
        + InventoryRepository
        + ProductRepository
{
}

/// What one instance has to do with its database as a whole.
#[async_trait]
pub(crate) trait Connections: Send + Sync {
    /// What this instance has asked its database so far.
    fn queries(&self) -> Queries;
    /// Ends all connections, once what goes on over them has ended.
    async fn close(&self);
}

#[async_trait]
pub(crate) trait StockPriceRepository: Send + Sync {
    async fn current_price(&self, symbol: &Symbol) -> Stored<Option<StockPrice>>;
    /// The version that the price was given; none if the symbol is not listed, and then nothing is
    /// written.
    async fn update_price(&self, price: &StockPrice) -> Stored<Option<i64>>;
    /// All prices or none: their versions, or the first symbol that is not listed.
    async fn update_prices(&self, prices: &[StockPrice]) -> Stored<Result<Vec<i64>, Symbol>>;
}

#[async_trait]
pub(crate) trait DocumentRepository: Send + Sync {
    async fn document(&self, id: Uuid) -> Stored<Option<Document>>;
    /// The saved versions, newest first.
    async fn document_versions(&self, id: Uuid) -> Stored<Option<Vec<DocumentVersion>>>;
    /// Saves the content as the next version; false if there is no such document.
    async fn update_content(&self, id: Uuid, content: &DocumentContent) -> Stored<bool>;
    /// Who edits the document, in the order of their joining.
    async fn active_users(&self, id: Uuid) -> Stored<Option<Vec<String>>>;
    /// Joining twice is joining once; false if there is no such document.
    async fn add_active_user(&self, id: Uuid, user: &UserName) -> Stored<bool>;
    /// Leaving without having joined changes nothing; false if there is no such document.
    async fn remove_active_user(&self, id: Uuid, user: &UserName) -> Stored<bool>;
}

/// What a like met.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Like {
    /// The user likes the activity, since now or since before.
    Liked,
    NoSuchActivity,
    NoSuchUser,
}

#[async_trait]
pub(crate) trait ActivityRepository: Send + Sync {
    async fn activity(&self, id: i64) -> Stored<Option<Activity>>;
    /// What those whom the user follows have posted, newest first; none if there is no such user.
    async fn user_feed(&self, user_id: i64, page: PageKey) -> Stored<Option<Vec<Activity>>>;
    /// The activity as it was stored; none if there is no such user.
    async fn create_activity(&self, activity: &NewActivity) -> Stored<Option<Activity>>;
    async fn follower_ids(&self, user_id: i64) -> Stored<Vec<i64>>;
    /// Liking twice is liking once.
    async fn add_like(&self, activity_id: i64, user_id: i64) -> Stored<Like>;
}

/// What a change of the stock met.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StockChange {
    /// The units left after the change.
    Changed(i64),
    /// The stock has this many units and would have left its range; nothing was changed.
    OutOfRange(i64),
    NoSuchProduct,
}

#[async_trait]
pub(crate) trait InventoryRepository: Send + Sync {
    async fn stock_level(&self, product_id: i64) -> Stored<Option<i64>>;
    /// Takes the units in one atomic step, or none of them.
    async fn reserve_stock(&self, product_id: i64, quantity: Quantity) -> Stored<StockChange>;
    async fn restore_stock(&self, product_id: i64, quantity: Quantity) -> Stored<StockChange>;
}

/// What an update of products met.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ProductUpdate {
    /// Every category that held one of the products before or holds one now.
    Updated {
        categories: Vec<i64>,
    },
    NoSuchProduct(i64),
    NoSuchCategory(i64),
}

#[async_trait]
pub(crate) trait ProductRepository: Send + Sync {
    async fn product(&self, id: i64) -> Stored<Option<Product>>;
    async fn all_products(&self) -> Stored<Vec<Product>>;
    async fn featured_products(&self) -> Stored<Vec<Product>>;
    async fn products_of_category(&self, category_id: i64) -> Stored<Option<Vec<Product>>>;
    /// All products or none.
    async fn update_products(&self, products: &[Product]) -> Stored<ProductUpdate>;
}
