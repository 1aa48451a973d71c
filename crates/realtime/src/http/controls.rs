//! The page's buttons: they write on any instance and break things on purpose. There are none unless
//! the service is the demo and listens on the loopback interface.

use std::time::Instant;

use axum::{
    Json, Router,
    extract::{Request, State},
    http::{HeaderMap, StatusCode, Uri, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::post,
};
use serde::{Deserialize, Serialize};

use super::{body::Body, problem::Problem};
use crate::{
    app::App,
    domain::{Price, StockPrice, Symbol, Timestamp},
    watch::{Break, WatchedInstance},
};

pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route("/controls/write", post(write))
        .route("/controls/break", post(break_something))
        .layer(middleware::from_fn(only_from_here))
}

/// A name that somebody else made to point here may not be used: its pages could press the buttons.
/// (Those of other names cannot send JSON here, because nothing allows them to.)
async fn only_from_here(request: Request, next: Next) -> Response {
    if is_local(request.headers()) {
        next.run(request).await
    } else {
        let detail = "The controls can be reached at 127.0.0.1 or localhost only.";
        Problem::new(StatusCode::FORBIDDEN, detail).into_response()
    }
}

fn is_local(headers: &HeaderMap) -> bool {
    let host = headers
        .get(header::HOST)
        .and_then(|host| host.to_str().ok()?.parse::<Uri>().ok());
    host.is_some_and(|host| matches!(host.host(), Some("127.0.0.1" | "localhost" | "[::1]")))
}

/// A price to be set on one of the instances.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Write {
    instance: usize,
    symbol: Symbol,
    price: Price,
    /// Whether the removal is left out.
    #[serde(default)]
    forget: bool,
}

/// What became of it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Written {
    version: i64,
    /// Where the removal stands in the log; none as long as it is pending, or if it was left out.
    position: Option<String>,
    /// How long the removal took to be acknowledged, with the write before it.
    micros: u64,
}

async fn write(State(app): State<App>, Body(write): Body<Write>) -> Result<Json<Written>, Problem> {
    let instance = instance(&app, write.instance)?;
    app.write(async move {
        let price = StockPrice {
            symbol: write.symbol,
            price: write.price,
            timestamp: Timestamp::now(),
            version: 0,
        };
        let began = Instant::now();
        let prices = &instance.prices;
        let written = if write.forget {
            let version = prices.set_and_forget(&price).await?;
            version.map(|version| (version, None))
        } else {
            let set = prices.set(&price).await?;
            set.map(|set| (set.version, set.removed.token().map(ToString::to_string)))
        };
        let Some((version, position)) = written else {
            return Err(Problem::not_found(format_args!("stock '{}'", price.symbol)));
        };
        Ok(Json(Written {
            version,
            position,
            micros: began.elapsed().as_micros().try_into().unwrap_or(u64::MAX),
        }))
    })
    .await
}

async fn break_something(
    State(app): State<App>,
    Body(what): Body<Break>,
) -> Result<StatusCode, Problem> {
    let Some(breaks) = app.board.breaks() else {
        let detail = "Nothing is broken on a server. Run the demo without UNSTALE_REDIS.";
        return Err(Problem::conflict(detail));
    };
    let concerned = what
        .instance()
        .map(|place| instance(&app, place))
        .transpose()?;
    tracing::info!(?what, "something is broken or mended on purpose");
    breaks.cause(what, concerned.as_ref().map(|one| &one.cache));
    Ok(StatusCode::NO_CONTENT)
}

fn instance(app: &App, place: usize) -> Result<WatchedInstance, Problem> {
    let instances = app.board.watched();
    instances
        .into_iter()
        .nth(place)
        .ok_or_else(|| Problem::not_found(format_args!("instance {place}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_this_machine_are_local() {
        for (host, local) in [
            ("127.0.0.1:5080", true),
            ("localhost:5080", true),
            ("localhost", true),
            ("[::1]:5080", true),
            ("evil.example:5080", false),
            ("127.0.0.1.evil.example", false),
            ("localhost.evil.example:80", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::HOST, host.parse().unwrap());
            assert_eq!(is_local(&headers), local, "{host}");
        }
        assert!(!is_local(&HeaderMap::new()));
    }
}
