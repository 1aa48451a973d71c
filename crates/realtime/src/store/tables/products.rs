use std::collections::BTreeSet;

use async_trait::async_trait;
use sqlx::{ColumnIndex, Encode, Executor, FromRow, Type};

use super::{Dialect, Tables, columns::Column, in_order_of};
use crate::{
    domain::{Price, Product},
    store::{ProductRepository, ProductUpdate, Stored},
};

#[derive(FromRow)]
struct ProductRow {
    id: i64,
    name: String,
    price: Price,
    category_id: i64,
    featured: bool,
}

impl From<ProductRow> for Product {
    fn from(row: ProductRow) -> Self {
        Self {
            id: row.id,
            name: row.name,
            price: row.price,
            category_id: row.category_id,
            featured: row.featured,
        }
    }
}

fn products(rows: Vec<ProductRow>) -> Vec<Product> {
    rows.into_iter().map(Product::from).collect()
}

#[async_trait]
impl<DB: Dialect> ProductRepository for Tables<DB>
where
    for<'c> &'c mut DB::Connection: Executor<'c, Database = DB>,
    usize: ColumnIndex<DB::Row>,
    for<'n> &'n str: ColumnIndex<DB::Row>,
    for<'q> &'q str: Encode<'q, DB> + Type<DB>,
    bool: Column<DB>,
    i64: Column<DB>,
    String: Column<DB>,
    Price: Column<DB>,
{
    async fn product(&self, id: i64) -> Stored<Option<Product>> {
        let row: Option<ProductRow> = sqlx::query_as(
            "SELECT id, name, price, category_id, featured FROM products WHERE id = $1",
        )
        .bind(id)
        .fetch_optional(self.read())
        .await?;
        Ok(row.map(Product::from))
    }

    async fn all_products(&self) -> Stored<Vec<Product>> {
        let rows = sqlx::query_as(
            "SELECT id, name, price, category_id, featured FROM products ORDER BY id",
        )
        .fetch_all(self.read())
        .await?;
        Ok(products(rows))
    }

    async fn featured_products(&self) -> Stored<Vec<Product>> {
        let rows =
            sqlx::query_as("SELECT id, name, price, category_id, featured FROM products WHERE featured ORDER BY id")
                .fetch_all(self.read())
                .await?;
        Ok(products(rows))
    }

    async fn products_of_category(&self, category_id: i64) -> Stored<Option<Vec<Product>>> {
        let rows = sqlx::query_as(
            "SELECT id, name, price, category_id, featured FROM products WHERE category_id = $1 ORDER BY id",
        )
        .bind(category_id)
        .fetch_all(self.read())
        .await?;
        if !rows.is_empty() {
            return Ok(Some(products(rows)));
        }
        let category: Option<i64> = sqlx::query_scalar("SELECT id FROM categories WHERE id = $1")
            .bind(category_id)
            .fetch_optional(self.read())
            .await?;
        Ok(category.map(|_| Vec::new()))
    }

    async fn update_products(&self, products: &[Product]) -> Stored<ProductUpdate> {
        let mut categories = BTreeSet::new();
        let mut refused = None;
        let mut transaction = self.write().await?;
        for place in in_order_of(products, |product| product.id) {
            let product = &products[place];
            // The row is read by changing nothing, so that nobody else moves the product to another
            // category before this transaction does.
            let row: Option<(i64, bool)> = sqlx::query_as(
                "UPDATE products SET featured = featured WHERE id = $1 \
                 RETURNING category_id, EXISTS (SELECT 1 FROM categories WHERE id = $2)",
            )
            .bind(product.id)
            .bind(product.category_id)
            .fetch_optional(&mut *transaction)
            .await?;
            let refusal = match row {
                None => ProductUpdate::NoSuchProduct(product.id),
                Some((_, false)) => ProductUpdate::NoSuchCategory(product.category_id),
                Some((category, true)) => {
                    categories.extend([category, product.category_id]);
                    update(&mut *transaction, product).await?;
                    continue;
                }
            };
            // The first of the list is told, whatever the order of the keys.
            if refused.as_ref().is_none_or(|&(first, _)| place < first) {
                refused = Some((place, refusal));
            }
        }
        if let Some((_, refusal)) = refused {
            transaction.rollback().await?;
            return Ok(refusal);
        }
        transaction.commit().await?;
        Ok(ProductUpdate::Updated {
            categories: categories.into_iter().collect(),
        })
    }
}

async fn update<'c, DB: Dialect>(
    connection: impl Executor<'c, Database = DB>,
    product: &Product,
) -> sqlx::Result<()>
where
    for<'q> &'q str: Encode<'q, DB> + Type<DB>,
    bool: Column<DB>,
    i64: Column<DB>,
    Price: Column<DB>,
{
    let statement =
        "UPDATE products SET name = $1, price = $2, category_id = $3, featured = $4 WHERE id = $5";
    sqlx::query(statement)
        .bind(product.name.as_str())
        .bind(product.price)
        .bind(product.category_id)
        .bind(product.featured)
        .bind(product.id)
        .execute(connection)
        .await
        .map(drop)
}
