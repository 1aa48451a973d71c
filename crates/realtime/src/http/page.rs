//! The page at `/` and the live figures it shows.

use axum::{
    Json,
    extract::State,
    response::{Html, IntoResponse},
};

use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{app::App, live::Live};

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(page))
        .routes(routes!(live))
}

/// The page that says what runs here
#[utoipa::path(
    get, path = "/", tag = "Page",
    responses((status = 200, description = "The page.", content_type = "text/html", body = String))
)]
async fn page() -> impl IntoResponse {
    Html(include_str!("../page/index.html"))
}

/// The figures of all instances of this process, and the last minute of traffic
#[utoipa::path(
    get, path = "/live", tag = "Page",
    responses((status = 200, description = "The figures.", body = Live))
)]
async fn live(State(app): State<App>) -> Json<Live> {
    Json(app.board.live())
}
