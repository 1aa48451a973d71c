use std::net::SocketAddr;

use axum::{Router, extract::DefaultBodyLimit, http::StatusCode};
use tower::{Layer, util::MapRequestLayer};
use tower_http::trace::TraceLayer;
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_swagger_ui::SwaggerUi;

use super::{
    activity_feed, body::BODY_LIMIT, cache_metrics, controls, documents, events, inventory,
    metrics, page, paths::Spelling, problem::Problem, products, stock_prices,
};
use crate::app::App;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Realtime, the demo service of Unstale",
        description = "Stock prices, documents, an activity feed, inventory and products behind a hybrid cache: every \
                       write goes to the database first and is then removed from the caches of all instances.",
    ),
    tags(
        (name = "StockPrices", description = "A live dashboard"),
        (name = "Documents", description = "Collaborative editing"),
        (name = "ActivityFeed", description = "A social media feed"),
        (name = "Inventory", description = "Stock levels"),
        (name = "Products", description = "Related entries and batches"),
        (name = "CacheMetrics", description = "What the cache does"),
        (name = "Page", description = "What runs here")
    )
)]
struct Description;

/// All routes of one instance that listens at this address. Those of the service are described in the
/// OpenAPI document, which comes from the same declarations; those that only the page uses are not.
pub(crate) fn router(app: App, address: SocketAddr) -> Router {
    let (api, description) = OpenApiRouter::with_openapi(Description::openapi())
        .merge(stock_prices::routes())
        .merge(documents::routes())
        .merge(activity_feed::routes())
        .merge(inventory::routes())
        .merge(products::routes())
        .merge(cache_metrics::routes())
        .merge(metrics::routes())
        .merge(page::routes())
        .split_for_parts();
    let spelling = Spelling::new(description.paths.paths.keys().cloned());
    let mut routes = api.merge(page::parts()).merge(events::routes());
    if app.board.has_controls() && address.ip().is_loopback() {
        routes = routes.merge(controls::routes());
    }
    let routes = routes
        .with_state(app)
        .merge(SwaggerUi::new("/swagger").url("/swagger/v1/swagger.json", description))
        .fallback(no_route)
        .method_not_allowed_fallback(no_method)
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .layer(TraceLayer::new_for_http());
    // A layer of a router runs after it has chosen the route, so the paths are respelled around it.
    Router::new().fallback_service(
        MapRequestLayer::new(move |request| spelling.apply(request)).layer(routes),
    )
}

async fn no_route() -> Problem {
    let detail = "There is nothing under this path. The page at / and Swagger at /swagger say what there is.";
    Problem::new(StatusCode::NOT_FOUND, detail)
}

async fn no_method() -> Problem {
    let detail = "This path does not have this method. Swagger at /swagger says which it has.";
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, detail)
}
