//! The specification's best practices: related entries removed with a product, and batches.

use std::{future::Future, sync::Arc};

use axum::{Json, extract::State, response::IntoResponse};
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    body::Body,
    params::Id,
    problem::{Missing, Problem, ReadRefused, WriteRefused},
    token::{After, NoContent, Written},
};
use crate::{
    app::App,
    cached::{ALL, FEATURED},
    domain::{Invalid, Price, Product, entries},
    store::{ProductUpdate, Repository, Stored},
};

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(get_all))
        .routes(routes!(get_featured))
        .routes(routes!(get_category))
        .routes(routes!(get_product, update_product))
        .routes(routes!(update_products))
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct ProductUpdateRequest {
    /// 1 to 200 characters.
    #[schema(example = "Walnut desk")]
    name: String,
    price: Price,
    #[schema(example = 1)]
    category_id: i64,
    #[serde(default)]
    featured: bool,
}

/// All products
///
/// Kept for the configuration's default time under `products:all`.
#[utoipa::path(
    get, path = "/api/Products", tag = "Products", params(After),
    responses((status = 200, description = "The products in the order of their ids.", body = Vec<Product>), ReadRefused)
)]
async fn get_all(State(app): State<App>, after: After) -> Result<impl IntoResponse, Problem> {
    list(&app, &after, ALL, |store| async move {
        store.all_products().await
    })
    .await
}

/// The featured products
///
/// Kept for the configuration's default time under `products:featured`.
#[utoipa::path(
    get, path = "/api/Products/featured", tag = "Products", params(After),
    responses((status = 200, description = "The products in the order of their ids.", body = Vec<Product>), ReadRefused)
)]
async fn get_featured(State(app): State<App>, after: After) -> Result<impl IntoResponse, Problem> {
    list(&app, &after, FEATURED, |store| async move {
        store.featured_products().await
    })
    .await
}

/// The products of a category
///
/// Kept for the configuration's default time under `products:category:{categoryId}`.
#[utoipa::path(
    get, path = "/api/Products/category/{categoryId}", tag = "Products",
    params(("categoryId" = i64, Path), After),
    responses((status = 200, description = "The products in the order of their ids.", body = Vec<Product>), ReadRefused, Missing)
)]
async fn get_category(
    State(app): State<App>,
    Id(id): Id<i64>,
    after: After,
) -> Result<impl IntoResponse, Problem> {
    let store = app.store.clone();
    let categories = after.read(&app.cached.category_products);
    let products = categories
        .get_or_load(&id, || async move { store.products_of_category(id).await })
        .await?;
    products
        .map(Json)
        .ok_or_else(|| Problem::not_found(format_args!("category {id}")))
}

/// One product
///
/// Kept for the configuration's default time under `product:{id}`.
#[utoipa::path(
    get, path = "/api/Products/{id}", tag = "Products",
    params(("id" = i64, Path), After),
    responses((status = 200, description = "The product.", body = Product), ReadRefused, Missing)
)]
async fn get_product(
    State(app): State<App>,
    Id(id): Id<i64>,
    after: After,
) -> Result<impl IntoResponse, Problem> {
    let store = app.store.clone();
    let products = after.read(&app.cached.products);
    let product = products
        .get_or_load(&id, || async move { store.product(id).await })
        .await?;
    product.map(Json).ok_or_else(|| no_product(id))
}

/// Updates a product
///
/// Removes `product:{id}`, `products:all`, `products:featured` and `products:category:{categoryId}`
/// of the category it left and of the one it is in, in one batch.
#[utoipa::path(
    put, path = "/api/Products/{id}", tag = "Products",
    params(("id" = i64, Path)),
    request_body = ProductUpdateRequest,
    responses(NoContent, WriteRefused, Missing)
)]
async fn update_product(
    State(app): State<App>,
    Id(id): Id<i64>,
    Body(request): Body<ProductUpdateRequest>,
) -> Result<Written, Problem> {
    let ProductUpdateRequest {
        name,
        price,
        category_id,
        featured,
    } = request;
    let product = Product {
        id,
        name,
        price,
        category_id,
        featured,
    }
    .checked()?;
    update(&app, vec![product], no_product).await
}

/// Updates many products at once
///
/// All of them or none. Removes every `product:{id}` and every list that showed or shows one, in
/// one batch.
#[utoipa::path(
    post, path = "/api/Products/batch", tag = "Products",
    request_body = Vec<Product>,
    responses(NoContent, WriteRefused)
)]
async fn update_products(
    State(app): State<App>,
    Body(products): Body<Vec<Product>>,
) -> Result<Written, Problem> {
    let products: Vec<Product> = entries("products", products, 1_000)?
        .into_iter()
        .enumerate()
        .map(|(place, product)| {
            product
                .checked()
                .map_err(|invalid| invalid.within(format_args!("[{place}]")))
        })
        .collect::<Result<_, Invalid>>()?;
    let unknown = |id| {
        let rule =
            format!("must be a product's id, but there is no product {id}. Nothing was written.");
        Invalid::new("id", rule).into()
    };
    update(&app, products, unknown).await
}

async fn list<F, Fut>(
    app: &App,
    after: &After,
    which: &str,
    load: F,
) -> Result<Json<Arc<Vec<Product>>>, Problem>
where
    F: FnOnce(Arc<dyn Repository>) -> Fut,
    Fut: Future<Output = Stored<Vec<Product>>> + Send + 'static,
{
    let lists = after.read(&app.cached.product_lists);
    let loading = load(app.store.clone());
    let products = lists
        .get_or_load(which, || async move { loading.await.map(Some) })
        .await?;
    Ok(Json(products.unwrap_or_default()))
}

async fn update(
    app: &App,
    products: Vec<Product>,
    unknown: impl FnOnce(i64) -> Problem + Send + 'static,
) -> Result<Written, Problem> {
    let write = app.clone();
    app.write(async move {
        let written = write.store.update_products(&products).await;
        let ids = products.iter().map(|product| product.id);
        let removed = match &written {
            Ok(ProductUpdate::Updated { categories }) => {
                Written::from(write.cached.remove_products(ids, categories).await)
            }
            Ok(ProductUpdate::NoSuchProduct(id)) => return Err(unknown(*id)),
            Ok(ProductUpdate::NoSuchCategory(id)) => {
                let rule = format!(
                    "must be a category's id, but there is no category {id}. Nothing was written."
                );
                return Err(Invalid::new("categoryId", rule).into());
            }
            // A commit that was reported as failed may have happened; which categories it left,
            // nobody knows.
            Err(_) => write
                .cached
                .remove_all_products()
                .await
                .into_iter()
                .collect(),
        };
        written?;
        Ok(removed)
    })
    .await
}

fn no_product(id: i64) -> Problem {
    Problem::not_found(format_args!("product {id}"))
}
