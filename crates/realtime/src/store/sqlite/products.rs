use std::collections::BTreeSet;

use async_trait::async_trait;
use sqlx::FromRow;

use super::Sqlite;
use crate::{
    domain::{Price, Product},
    store::{ProductRepository, ProductUpdate, Stored},
};

#[derive(FromRow)]
struct ProductRow {
    id: i64,
    name: String,
    price: i64,
    category_id: i64,
    featured: bool,
}

impl From<ProductRow> for Product {
    fn from(row: ProductRow) -> Self {
        Self {
            id: row.id,
            name: row.name,
            price: Price::from_units(row.price),
            category_id: row.category_id,
            featured: row.featured,
        }
    }
}

fn products(rows: Vec<ProductRow>) -> Vec<Product> {
    rows.into_iter().map(Product::from).collect()
}

#[async_trait]
impl ProductRepository for Sqlite {
    async fn product(&self, id: i64) -> Stored<Option<Product>> {
        let row: Option<ProductRow> = sqlx::query_as(
            "SELECT id, name, price, category_id, featured FROM products WHERE id = ?",
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
            "SELECT id, name, price, category_id, featured FROM products WHERE category_id = ? ORDER BY id",
        )
        .bind(category_id)
        .fetch_all(self.read())
        .await?;
        if !rows.is_empty() {
            return Ok(Some(products(rows)));
        }
        let category: Option<i64> = sqlx::query_scalar("SELECT id FROM categories WHERE id = ?")
            .bind(category_id)
            .fetch_optional(self.read())
            .await?;
        Ok(category.map(|_| Vec::new()))
    }

    async fn update_products(&self, products: &[Product]) -> Stored<ProductUpdate> {
        let mut categories = BTreeSet::new();
        let mut transaction = self.write().await?;
        for product in products {
            let (category, known): (Option<i64>, bool) = sqlx::query_as(
                "SELECT (SELECT category_id FROM products WHERE id = ?), EXISTS (SELECT 1 FROM categories WHERE id = ?)",
            )
            .bind(product.id)
            .bind(product.category_id)
            .fetch_one(&mut *transaction)
            .await?;
            let Some(category) = category else {
                transaction.rollback().await?;
                return Ok(ProductUpdate::NoSuchProduct(product.id));
            };
            if !known {
                transaction.rollback().await?;
                return Ok(ProductUpdate::NoSuchCategory(product.category_id));
            }
            categories.extend([category, product.category_id]);
            sqlx::query("UPDATE products SET name = ?, price = ?, category_id = ?, featured = ? WHERE id = ?")
                .bind(&product.name)
                .bind(product.price.units())
                .bind(product.category_id)
                .bind(product.featured)
                .bind(product.id)
                .execute(&mut *transaction)
                .await?;
        }
        transaction.commit().await?;
        Ok(ProductUpdate::Updated {
            categories: categories.into_iter().collect(),
        })
    }
}
