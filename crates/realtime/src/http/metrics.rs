//! The metrics that Prometheus scrapes.

use axum::{extract::State, http::header::CONTENT_TYPE, response::IntoResponse};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::app::App;

/// Prometheus's text format.
const TEXT: &str = "text/plain; version=0.0.4; charset=utf-8";

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(metrics))
}

/// The metrics of all instances of this process, for Prometheus
///
/// Scrape one of the ports, with `honor_labels: true`.
#[utoipa::path(
    get, path = "/metrics", tag = "CacheMetrics",
    responses((
        status = 200, description = "The metrics, in the text format of Prometheus.",
        content_type = "text/plain", body = String,
    ))
)]
async fn metrics(State(app): State<App>) -> impl IntoResponse {
    ([(CONTENT_TYPE, TEXT)], app.board.scrape.render())
}
