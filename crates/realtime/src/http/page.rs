//! The page at `/` and the live figures it shows.

use axum::{
    Json, Router,
    extract::State,
    http::{HeaderName, header},
    response::{Html, IntoResponse},
    routing::get,
};

use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{app::App, live::Live};

/// The page has its own style and script, and talks to its own instance only. Nobody may frame it, so
/// that nobody is led to press its buttons.
const POLICY: (HeaderName, &str) = (
    header::CONTENT_SECURITY_POLICY,
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; \
     base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
);

/// What a script or style is, is decided here and not by whoever reads it.
const NO_GUESSING: (HeaderName, &str) = (header::X_CONTENT_TYPE_OPTIONS, "nosniff");

/// Another build of the service has another page.
const ALWAYS_ASK: (HeaderName, &str) = (header::CACHE_CONTROL, "no-cache");

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(page))
        .routes(routes!(live))
}

/// The page's parts.
pub(crate) fn parts() -> Router<App> {
    let style = |css: &'static str| get(move || async move { part(mime::TEXT_CSS_UTF_8, css) });
    let script = |js: &'static str| get(move || async move { part(mime::TEXT_JAVASCRIPT, js) });
    Router::new()
        .route("/page/style.css", style(include_str!("../page/style.css")))
        .route("/page/main.js", script(include_str!("../page/main.js")))
        .route("/page/words.js", script(include_str!("../page/words.js")))
        .route(
            "/page/instances.js",
            script(include_str!("../page/instances.js")),
        )
        .route(
            "/page/figures.js",
            script(include_str!("../page/figures.js")),
        )
        .route("/page/log.js", script(include_str!("../page/log.js")))
        .route(
            "/page/controls.js",
            script(include_str!("../page/controls.js")),
        )
}

fn part(kind: mime::Mime, text: &'static str) -> impl IntoResponse {
    let kind = (header::CONTENT_TYPE, kind.to_string());
    ([kind], [POLICY, NO_GUESSING, ALWAYS_ASK], text)
}

/// The page that shows what runs here
#[utoipa::path(
    get, path = "/", tag = "Page",
    responses((status = 200, description = "The page.", content_type = "text/html", body = String))
)]
async fn page() -> impl IntoResponse {
    let html = Html(include_str!("../page/index.html"));
    ([POLICY, NO_GUESSING, ALWAYS_ASK], html)
}

/// The figures of all instances of this process, and the last minute of traffic
#[utoipa::path(
    get, path = "/live", tag = "Page",
    responses((status = 200, description = "The figures.", body = Live))
)]
async fn live(State(app): State<App>) -> Json<Live> {
    Json(app.board.live())
}
