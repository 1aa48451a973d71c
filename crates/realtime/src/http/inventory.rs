//! The specification's service layer, with routes of its own: stock levels, reserved atomically and
//! restored.

use axum::{Json, extract::State, response::IntoResponse};
use serde::Deserialize;
use unstale::Outcome;
use utoipa::{IntoResponses, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    body::Body,
    params::Id,
    problem::{Missing, Problem, ReadRefused, WriteRefused},
    token::{After, Written},
};
use crate::{
    app::App,
    domain::{MAX_STOCK, Quantity, StockLevel},
    service::InventoryService,
    store::StockChange,
};

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(get_level))
        .routes(routes!(reserve))
        .routes(routes!(restore))
}

#[derive(Debug, Deserialize, ToSchema)]
struct QuantityRequest {
    /// How many units.
    #[schema(minimum = 1, maximum = 1_000_000, example = 3)]
    quantity: i64,
}

/// How a change of the stock is answered, for the OpenAPI document.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "only the derived description is used")]
enum StockAnswers {
    /// The units in stock after the change.
    #[response(
        status = 200,
        headers(("Unstale-Token" = String, description = "A read that carries this token sees this write or a newer one."))
    )]
    Changed(StockLevel),
    /// The stock would have left its range; nothing was changed.
    #[response(status = 409, content_type = "application/problem+json")]
    OutOfRange(Problem),
}

/// The units of a product in stock
///
/// Kept for three minutes under `inventory:stock:{productId}`.
#[utoipa::path(
    get, path = "/api/Inventory/{productId}", tag = "Inventory",
    params(("productId" = i64, Path), After),
    responses((status = 200, description = "The stock level.", body = StockLevel), ReadRefused, Missing)
)]
async fn get_level(
    State(app): State<App>,
    Id(product_id): Id<i64>,
    after: After,
) -> Result<impl IntoResponse, Problem> {
    let levels = after.read(&app.cached.stock_levels);
    let stock = InventoryService::new(levels, app.store.clone())
        .stock_level(product_id)
        .await?;
    stock
        .map(|stock| Json(StockLevel { product_id, stock }))
        .ok_or_else(|| no_product(product_id))
}

/// Reserves units of a product, all of them or none
///
/// Removes `inventory:stock:{productId}` once they are reserved.
#[utoipa::path(
    post, path = "/api/Inventory/{productId}/reserve", tag = "Inventory",
    params(("productId" = i64, Path)),
    request_body = QuantityRequest,
    responses(StockAnswers, WriteRefused, Missing)
)]
async fn reserve(
    State(app): State<App>,
    Id(product_id): Id<i64>,
    Body(request): Body<QuantityRequest>,
) -> Result<impl IntoResponse, Problem> {
    let quantity = Quantity::new(request.quantity)?;
    let inventory = InventoryService::new(app.cached.stock_levels.clone(), app.store.clone());
    app.write(async move {
        let (change, removed) = inventory.reserve(product_id, quantity).await?;
        answer(product_id, change, removed, |stock| {
            format!(
                "Product {product_id} has {stock} units in stock, fewer than the {} asked for.",
                quantity.units()
            )
        })
    })
    .await
}

/// Puts reserved units of a product back into stock
///
/// Removes `inventory:stock:{productId}`.
#[utoipa::path(
    post, path = "/api/Inventory/{productId}/restore", tag = "Inventory",
    params(("productId" = i64, Path)),
    request_body = QuantityRequest,
    responses(StockAnswers, WriteRefused, Missing)
)]
async fn restore(
    State(app): State<App>,
    Id(product_id): Id<i64>,
    Body(request): Body<QuantityRequest>,
) -> Result<impl IntoResponse, Problem> {
    let quantity = Quantity::new(request.quantity)?;
    let inventory = InventoryService::new(app.cached.stock_levels.clone(), app.store.clone());
    app.write(async move {
        let (change, removed) = inventory.restore(product_id, quantity).await?;
        answer(product_id, change, removed, |stock| {
            format!("Product {product_id} has {stock} units in stock and cannot have more than {MAX_STOCK}.")
        })
    })
    .await
}

fn answer(
    product_id: i64,
    change: StockChange,
    removed: Option<Outcome>,
    out_of_range: impl FnOnce(i64) -> String,
) -> Result<(Written, Json<StockLevel>), Problem> {
    match change {
        StockChange::Changed(stock) => Ok((
            removed.into_iter().collect(),
            Json(StockLevel { product_id, stock }),
        )),
        StockChange::OutOfRange(stock) => Err(Problem::conflict(out_of_range(stock))),
        StockChange::NoSuchProduct => Err(no_product(product_id)),
    }
}

fn no_product(id: i64) -> Problem {
    Problem::not_found(format_args!("product {id}"))
}
